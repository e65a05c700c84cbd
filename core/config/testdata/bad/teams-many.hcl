game "arena" {
  lobby {
    team "T0" {
    }
    team "T1" {
    }
    team "T2" {
    }
    team "T3" {
    }
    team "T4" {
    }
    team "T5" {
    }
    team "T6" {
    }
    team "T7" {
    }
    team "T8" {
    }
    team "T9" {
    }
    team "T10" {
    }
    team "T11" {
    }
    team "T12" {
    }
    team "T13" {
    }
    team "T14" {
    }
    team "T15" {
    }
    team "T16" {
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
