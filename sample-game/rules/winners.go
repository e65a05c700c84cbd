package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/muster-gg/muster/sdk/hook"
)

// line says who is in the table; the names stand in the storage of the accounts.
type line struct {
	AccountID string  `json:"accountId"`
	Won       int     `json:"won"`
	Rating    float64 `json:"rating"`
}

// winners is the table, the best first.
func winners(ctx context.Context) ([]standing, error) {
	entries, err := hook.HostFrom(ctx).Storage().Get(ctx, "", "winners")
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	var lines []line
	if err := json.Unmarshal(entries[0].Value, &lines); err != nil {
		return nil, err
	}
	var table []standing
	for _, l := range lines {
		s, found, err := standingOf(ctx, l.AccountID)
		if err != nil {
			return nil, err
		}
		if found {
			table = append(table, s)
		}
	}
	return table, nil
}

// addWinners puts the newest standings into the table.
func addWinners(ctx context.Context, news []rated, length int) error {
	_, err := update(ctx, "", "winners", func(old []line) []line {
		table := slices.DeleteFunc(old, func(l line) bool {
			return slices.ContainsFunc(news, func(r rated) bool { return r.account == l.AccountID })
		})
		for _, r := range news {
			if r.Won > 0 {
				table = append(table, line{r.account, r.Won, r.Rating})
			}
		}
		slices.SortStableFunc(table, func(a, b line) int { return cmp.Or(cmp.Compare(b.Won, a.Won), cmp.Compare(b.Rating, a.Rating)) })
		return table[:min(len(table), max(length, 1))]
	})
	return err
}
