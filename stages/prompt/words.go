package prompt

// candidates are common words of three to six letters, nearly all of which are one token in any vocabulary that has seen English. Prepare
// asks the server, and drops or counts those that are not.
const candidates = `
able about above across act action add after again age ago agree air all allow alone along also always among amount and animal
answer any appear area arm army art ask away baby back ball bank bar base bed been before began begin behind best better big bird
black blood blue board boat body book born both bottom box boy break bright bring brown build built busy but buy call came can car
card care carry case cat catch cause cell center chance change check child choose church circle city class clean clear climb close
cloth cloud coast cold color come common cook cool copy corner cost could count cover cow create cross crowd cut dance dark day
dead deal dear death decide deep desert design did die direct doctor does dog dollar done door double down draw dream dress drink
drive drop dry during duty each early earth ease east easy eat edge effect egg eight either else end enemy energy engine enough
enter equal even ever every exact except expect eye face fact fair fall family famous far farm fast father favor fear feed feel
feet fell felt few field fig fight figure fill final find fine finger finish fire first fish fit five flat floor flow flower fly
follow food foot for force forest form found four free fresh friend from front fruit full fun game garden gas gather gave gentle
get girl give glad glass gold gone good got govern grand grass gray great green grew ground group grow guess guide gun had hair
half hand happen happy hard has hat
`
