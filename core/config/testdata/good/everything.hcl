server {
  listen          = ":8000"
  admin_listen    = "localhost:8001"
  public_url      = "https://play.example.com/muster/"
  default_game    = "duel"
  mode            = "production"
  data_dir        = "/var/lib/muster"
  origins         = ["https://Play.example.com:443", "http://localhost:3000"]
  trusted_proxies = ["10.0.0.0/8", "fd00::/8"]
  drain           = "1m"
  tls {
    cert = "tls/cert.pem"
    key  = "tls/key.pem"
  }
}
auth {
  secret      = env("MUSTER_SECRET")
  access_ttl  = "1h"
  refresh_ttl = "48h"
}
limits {
  disabled = false
}
store "sqlite" {
  path = "db/muster.db"
}
game "arena" {
  title         = "The Arena"
  auth          = ["anonymous"]
  web           = "web"
  duplicate     = "refuse"
  rating_report = true
  lobby {
    team "Red" {
      size = 3
    }
    team "Green" {
      size = 3
    }
    team "Blue" {
      size = 2
    }
    min_players     = 2
    max_lobbies     = 500
    ready_timeout   = "45s"
    reconnect_grace = "0s"
    after_match     = "reopen"
    match_timeout   = "30m"
  }
  allocate "gameflow" {
    game_id        = env("GAMEFLOW_GAME_ID")
    api_key        = env("GAMEFLOW_API_KEY")
    region         = "eu-west"
    url            = "https://dev.api.gameflow.gg/v1/"
    fleet          = true
    timeout        = "90s"
    max_concurrent = 8
    on_unknown     = "fail"
  }
  allocate "local" {
    command        = ["bin/arena-server", "-fast", "-fast"]
    env            = { MODE = "teams", TOKEN = env("GAMEFLOW_API_KEY"), LEVEL = 3 }
    ports          = "22000-22009"
    port_names     = ["default", "query"]
    address        = "203.0.113.7"
    timeout        = "10s"
    health_timeout = "0s"
    warm           = 2
    warm_buffer    = 1
    max            = 5
    cpu_limit      = 2
    max_players    = 0
    idle           = "0s"
    stop_grace     = "5s"
    memory_limit   = "512MiB"
    max_concurrent = 4
    on_unknown     = "ask"
  }
  queue "ranked" {
    provider = "gameflow"
    mode     = "two-teams"
    limit    = "2m"
  }
  queue "casual" {
    provider = "gameflow"
  }
  allocation_api {
    keys = ["hush-hush-hush-hush", env("MUSTER_SECRET")]
  }
}
game "duel" {
  allocate "local" {
    command = ["arena-server"]
  }
}
