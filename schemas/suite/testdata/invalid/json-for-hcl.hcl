{
  "suite": {"s": {}}
}
