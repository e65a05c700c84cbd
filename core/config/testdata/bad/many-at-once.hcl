server {
  listn = ":7350"
  mode  = "prod"
  drain = "soon"
}
auth {
  secret = env("NO_SECRET")
}
game "Arena" {
  web = 5
  lobby {
    min_players = 20
    team "A" {
      size = 4
      colour = "red"
    }
  }
  allocate "gameflw" {
  }
}
clustr "redis" {
}
