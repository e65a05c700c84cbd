package wire

import "strconv"

// Append appends the lobby alone, as lists have it.
//
// Level 1 has teamA and teamB, the first and the second team, and `teams` besides
// when there are more than two; level 2 has `teams` alone.
func (l *Lobby) Append(dst []byte, level int) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, l.ID)
	if l.ShowCode {
		dst = appendText(dst, "code", l.Code)
	}
	dst = appendBool(dst, "isPrivate", l.IsPrivate)
	dst = appendText(dst, "ownerId", l.OwnerID)
	if level != Level2 {
		dst = l.team(appendKey(dst, "teamA"), 0)
		dst = l.team(appendKey(dst, "teamB"), 1)
	}
	if level == Level2 || len(l.Teams) > 2 {
		dst = append(appendKey(dst, "teams"), '[')
		for i := range l.Teams {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"name":`...)
			dst = appendString(dst, l.Teams[i].Name)
			dst = appendInt(dst, "size", int64(l.Teams[i].Size))
			dst = l.team(appendKey(dst, "players"), i)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	dst = strconv.AppendUint(appendKey(dst, "version"), l.Version, 10)
	dst = appendText(dst, "name", l.Name)
	dst = appendText(dst, "state", l.State)
	dst = appendSome(dst, "step", l.Step)
	dst = appendBool(dst, "hasPassword", l.HasPassword)
	dst = appendInt(dst, "maxPlayers", int64(l.MaxPlayers))
	dst = appendRaw(dst, "properties", l.Properties, "{}")
	dst = appendInt(dst, "createdAt", l.CreatedAt)
	return append(dst, '}')
}

// team appends the players of a team as an array, empty when there is no such team.
func (l *Lobby) team(dst []byte, i int) []byte {
	dst = append(dst, '[')
	if i < len(l.Teams) {
		players := l.Teams[i].Players
		for j := range players {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = players[j].append(dst)
		}
	}
	return append(dst, ']')
}

func (p *LobbyPlayer) append(dst []byte) []byte {
	dst = append(dst, `{"accountId":`...)
	dst = appendString(dst, p.AccountID)
	dst = appendText(dst, "username", p.Username)
	dst = appendBool(dst, "ready", p.Ready)
	dst = appendBool(dst, "bot", p.Bot)
	dst = appendBool(dst, "connected", p.Connected)
	return append(dst, '}')
}

// AppendList appends an array of values that are encoded already, such as the
// lobbies that Lobby.Append made for GET /lobbies.
func AppendList(dst []byte, encoded [][]byte) []byte {
	dst = append(dst, '[')
	for i, e := range encoded {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, e...)
	}
	return append(dst, ']')
}
