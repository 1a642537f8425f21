suite "empty" {}
