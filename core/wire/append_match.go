package wire

// Append appends the match data alone.
func (m *MatchData) Append(dst []byte, level int) []byte {
	return append(appendSome(m.shared(dst, level), "ticket", m.Ticket), '}')
}

// shared appends all that every player gets alike, without the closing brace.
func (m *MatchData) shared(dst []byte, level int) []byte {
	dst = append(dst, `{"matchId":`...)
	dst = appendString(dst, m.MatchID)
	dst = appendSome(dst, "lobbyId", m.LobbyID)
	if level != Level2 {
		dst = m.team(appendKey(dst, "teamA"), 0)
		dst = m.team(appendKey(dst, "teamB"), 1)
	}
	if level == Level2 || len(m.Teams) > 2 {
		dst = append(appendKey(dst, "teams"), '[')
		for i := range m.Teams {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"name":`...)
			dst = appendString(dst, m.Teams[i].Name)
			dst = m.team(appendKey(dst, "players"), i)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	dst = appendInt(dst, "startedAt", m.StartedAt)
	dst = append(dst, `,"server":{"address":`...)
	dst = appendString(dst, m.Server.Address)
	dst = appendInt(dst, "port", int64(m.Server.Port))
	dst = appendText(dst, "serverName", m.Server.Name)
	dst = append(dst, '}')
	return appendSome(dst, "region", m.Region)
}

func (m *MatchData) team(dst []byte, i int) []byte {
	dst = append(dst, '[')
	if i < len(m.Teams) {
		for j, p := range m.Teams[i].Players {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"accountId":`...)
			dst = appendString(dst, p.AccountID)
			dst = appendText(dst, "username", p.Username)
			dst = append(dst, '}')
		}
	}
	return append(dst, ']')
}

// AppendHead appends what every player of the match gets alike; MatchData.Ticket is not
// looked at. AppendMatchStarted makes a player's message of it.
func (m MatchStarted) AppendHead(dst []byte, level int) []byte {
	return m.MatchData.shared(append(open(dst, "match:started"), `,"matchData":`...), level)
}

// AppendMatchStarted appends a player's `match:started`: the head that AppendHead made
// once for his level, then his ticket (left out when empty).
func AppendMatchStarted(dst, head []byte, ticket string) []byte {
	return append(appendSome(append(dst, head...), "ticket", ticket), "}}"...)
}

// Append implements Message.
func (m MatchStarted) Append(dst []byte, level int) []byte {
	dst = m.AppendHead(dst, level)
	return append(appendSome(dst, "ticket", m.MatchData.Ticket), "}}"...)
}
