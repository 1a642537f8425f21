# Tokenizers that cannot be read, or are of a kind that is not known.
suite "s" {}

model "repository" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = "acme/m"
}

model "elsewhere" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = "../valid/tokenizer.json"
}

model "unigram" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = "unigram.json"
}

model "suite" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = "tokenizers.hcl"
}

model "number" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = []
}
