suite "s" {
  on_failure = "halt"
}

stage "deploy" {
  on_failure = true
  retry {
    on = ["transient", "quota"]
  }
}

stage "load" {
  on_failur = "stop"
  retry {
    attempts = 0
    on       = []
  }
}
