${day}%{ for r in repos ~} ${r}%{ endfor ~}
