# Muster's config. It runs as it is: "make run" serves the two games below.
#
# Everything else that can be set stands here as a comment, with its default
# unless the comment says otherwise. Check a change before using it:
#
#     bin/muster config check
#
# Relative paths start at the folder of this file. Durations are written as "90s",
# "5m", "2h". env("NAME") reads an environment variable and is an error if that is
# not set; env("NAME", "default") is not.

server {
  default_game = "arena" # also answers at the root; default: the only game
  data_dir     = "data"  # database, journal, logs of game servers

  # Where players connect. Default: this machine alone in development, all
  # interfaces (":7350") in production. The environment may say otherwise: the
  # container image listens on all.
  listen = env("MUSTER_LISTEN", "127.0.0.1:7350")

  # Metrics, health, profiles. It asks nobody who they are: keep it private.
  admin_listen = env("MUSTER_ADMIN_LISTEN", "127.0.0.1:7351")

  # How players and game servers reach listen. Default: it follows listen.
  # public_url = "https://play.example.com"

  # "production" demands auth.secret and origins.
  # mode = "development"

  # Web pages that may connect. Default: any in development; demanded in production.
  # origins = ["https://play.example.com"]

  # Proxies in front, whose X-Forwarded-For is believed. Default: none.
  # trusted_proxies = ["10.0.0.0/8"]

  # The longest that a shutdown waits for sockets and for starts under way.
  # drain = "20s"

  # HTTPS without a proxy in front. Default: none.
  # tls {
  #   cert = "cert.pem"
  #   key  = "key.pem"
  # }
}

# auth {
#   # Signs all tokens: 32 bytes or more in production ("openssl rand -hex 32"
#   # makes one), the same on all nodes. Empty in development: one is made once and
#   # kept in data_dir.
#   secret      = env("MUSTER_SECRET", "")
#   access_ttl  = "720h"  # of an access token
#   refresh_ttl = "2160h" # of a sign-in after its last refresh
# }

# limits {
#   # true turns the limits on rates, guesses, sign-ins and floods off, for load
#   # tests. Bounds of size, time and slow readers stay.
#   disabled = false
# }

# store "sqlite" {
#   path = "data/muster.db" # default: muster.db in data_dir
# }

# Not in this version yet: another store, and several nodes.
#
# store "postgres" {
#   url = env("DATABASE_URL")
# }
# cluster "redis" {
#   url = env("REDIS_URL")
# }

# Programs that add ways to sign in, rules and fleets, in any language. A game asks
# them by name: in auth, or by use in a hooks or allocate block. The server starts
# them, watches them and ends them. "muster plugin new NAME" begins one of your own.
#
# plugin "discord" {
#   command = ["bin/plugins/auth-discord"]
#   sha256  = "" # of the program, checked at every start; demanded in production
#   env     = { HTTPS_PROXY = env("HTTPS_PROXY", "") } # all that it gets of an environment
#   timeout = "2s" # of one call
#   # Its own settings: bin/plugins/auth-discord, run by hand, lists them.
#   config {
#     application_id = env("DISCORD_APPLICATION_ID")
#   }
#   memory_limit = "256MiB"
# }
# plugin "skill" {
#   command = ["bin/plugins/balance-skill"]
# }

# The name is part of addresses: /games/arena. Games do not see each other's
# players, lobbies, codes or tokens.
game "arena" {
  title = "Arena"
  auth  = ["anonymous"]     # ways to sign in: also plugins, and exports of a script
  web   = "sample-game/web" # served at /games/arena/play/; default: none

  # What a second socket of an account does: "replace" ends the first, "refuse"
  # does not get in, "allow" leaves both.
  # duplicate = "replace"

  lobby {
    # The default is these two teams. "A" and "B" in a request always mean the
    # first and the second team, whatever their names are.
    team "A" {
      size = 4
    }
    team "B" {
      size = 4
    }

    min_players     = 2        # bots count, so one person can try the game; default 1
    reconnect_grace = "30s"    # a seat is kept so long; "0s": who drops leaves
    after_match     = "reopen" # default: "delete"

    # max_lobbies   = 10000
    # ready_timeout = "0s" # from the first ready on; who is not ready then is removed. Off
    # match_timeout = "2h"
  }

  # Where game servers come from. Several blocks are tried in their order; the next
  # one only if the one before surely made no server.
  allocate "local" {
    command = ["bin/arena-server"]
    ports   = "21000-21049" # for all servers of this block, one game's alone

    # env            = { ARENA_MODE = "teams" } # default: nothing is added
    # port_names     = ["default"] # ports of one server; GAMEFLOW_{NAME}_PORT tells them
    # address        = "127.0.0.1" # told to players; default: 127.0.0.1, or public_url's host
    # timeout        = "60s"  # from start to ready
    # health_timeout = "30s"  # without a sign of health; "0s": off
    # max            = 50     # servers at a time
    # max_players    = 8      # length of the players list, 0: none; default: all team sizes
    # idle           = "5m"   # without a player; "0s": off
    # stop_grace     = "45s"  # from SIGTERM to SIGKILL
    # max_concurrent = 32     # starts under way at a time, in every allocate block
    # on_unknown     = "ask"  # when it is not known whether a server was made, ask for
    #                         # it; default: "fail"
    # warm           = 0      # ready servers that wait for a match
    # warm_buffer    = 0      # more of them while matches run: one for each, up to this
    # cpu_limit      = 0      # CPUs that one server may use, 0: all (Linux)
    # memory_limit   = 0      # "512MiB": how much memory it may use with all that it starts (Linux)
  }

  # GameFlow's servers instead, or as the next thing to try.
  #
  # allocate "gameflow" {
  #   game_id = env("GAMEFLOW_GAME_ID")
  #   api_key = env("GAMEFLOW_API_KEY")
  #   region  = "us-east"
  #   url     = "https://api.gameflow.gg/v1"
  #   timeout = "120s"
  #   fleet   = true # a server of the warm pool; default: false, a new one
  # }

  # Or servers of a plugin, or of the script below.
  #
  # allocate "plugin" {
  #   use     = "agones"
  #   timeout = "60s" # from asking to ready
  #   region  = "eu"  # told to the plugin; default: none
  # }
  # allocate "script" {
  #   timeout = "60s"
  # }

  # A plugin of this game alone; it goes before one of the same name above.
  #
  # plugin "agones" {
  #   command = ["bin/plugins/allocate-agones"] # its settings: docs/agones.md
  # }

  # Rules of your own, asked in the order of these blocks. A script is TypeScript or
  # JavaScript; what it exports says which points it serves. Saving it is enough:
  # the running server takes the new version over.
  hooks "script" {
    entry   = "sample-game/hooks/arena.ts"
    timeout = "1s" # of one call, and of what it stores; default: "50ms"

    # One word for all points, "refuse", "allow" or "builtin", or one for each.
    # Default: what is safe at each point.
    # on_failure = { before_chat = "refuse" }
    # fetch {
    #   allow = ["api.example.com"] # hosts that it may reach; default: none
    # }
    #
    # When a file changes, the *.test.ts beside the script must pass before the new
    # version is used. They run in a process of their own. Tests that fail when the
    # server starts are a warning.
    # test_on_reload = true
    #
    # "process" runs the script in a process of its own, which holds against anything
    # that it may do; "embedded" in the server, which holds against mistakes.
    # isolation    = "embedded"
    # memory_limit = "128MiB" # what a script with a process of its own may use
  }

  # Or a plugin's rules, as the game below has them.
  #
  # hooks "plugin" {
  #   use        = "skill"
  #   points     = ["balance_teams"] # default: all that it serves
  #   on_failure = "builtin"
  # }

  # GameFlow's allocation call, served to others for this game: a backend written
  # for GameFlow takes https://THIS-SERVER/v1 as its address, the game's name as its
  # game id, and one of these as its X-Api-Key: docs/allocation-api.md
  #
  # allocation_api {
  #   keys = [env("FLEET_API_KEY")]
  # }

  # Players without a lobby search for a match (matchmaking:find) in a queue; the
  # matchmaker is the one that you published at GameFlow for this mode. Key and
  # address are those of the allocate "gameflow" block, which has to be there.
  #
  # queue "ranked" {
  #   provider = "gameflow"
  #   mode     = "default"
  #   limit    = "90s" # of one search
  # }
  # rating_report = true # results go to GameFlow's skill rating; default: false
}

# A second game on the same server: two players, the same page and program.
game "duel" {
  title = "Duel"
  auth  = ["anonymous"]
  web   = "sample-game/web"

  lobby {
    team "Red" {
      size = 1
    }
    team "Blue" {
      size = 1
    }
    min_players = 2
    after_match = "reopen"
  }

  allocate "local" {
    command = ["bin/arena-server"]
    env     = { ARENA_MODE = "duel" }
    ports   = "21050-21099"
  }

  # The same rules as a program of its own, in Go: sample-game/rules.
  plugin "rules" {
    command = ["bin/plugins/sparks-rules"]
  }
  hooks "plugin" {
    use = "rules"
  }
}
