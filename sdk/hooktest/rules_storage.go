package hooktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// step is one thing that the rpc "storage" is asked to do.
type step struct {
	Do            string
	Account       string
	Key           string
	Keys          []string
	Value         json.RawMessage
	Version       *hook.Version
	Prefix, After string
	Limit         int
	Kind          string
}

// codes are the errors of a Host as scripts know them.
var codes = map[error]string{
	hook.ErrConflict: "conflict", hook.ErrInvalidKey: "invalid_key", hook.ErrInvalidValue: "invalid_value",
	hook.ErrNoScope: "no_account", hook.ErrInvalidNotice: "invalid_notice",
}

// runSteps does one step after the other and answers what each of them did: what
// it returned, or the code of its error.
func runSteps(ctx context.Context, payload *structpb.Value) (*structpb.Value, error) {
	text, err := hook.ValueToJSON(payload)
	if err != nil {
		return nil, err
	}
	var steps []step
	if err := json.Unmarshal(text, &steps); err != nil {
		return nil, err
	}
	results := make([]any, len(steps))
	for i, s := range steps {
		result, err := s.run(ctx, hook.HostFrom(ctx))
		for known, code := range codes {
			if errors.Is(err, known) {
				result, err = map[string]string{"code": code}, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
		results[i] = result
	}
	out, err := json.Marshal(results)
	if err != nil {
		return nil, err
	}
	return hook.ValueFromJSON(out)
}

func (s step) run(ctx context.Context, host hook.Host) (any, error) {
	storage, when := host.Storage(), hook.AnyVersion
	if s.Version != nil {
		when = *s.Version
	}
	switch s.Do {
	case "get", "entry":
		found, err := storage.Get(ctx, s.Account, s.Key)
		if len(found) == 0 {
			return nil, err
		}
		if s.Do == "get" {
			return found[0].Value, err
		}
		return entryView(found[0]), err
	case "getMany":
		found, err := storage.Get(ctx, s.Account, s.Keys...)
		values := map[string]any{}
		for _, e := range found {
			values[e.Key] = e.Value
		}
		return values, err
	case "set":
		return storage.Set(ctx, s.Account, s.Key, s.Value, when)
	case "delete":
		return nil, storage.Delete(ctx, s.Account, s.Key, when)
	case "list":
		found, err := storage.List(ctx, s.Account, s.Prefix, s.After, s.Limit)
		entries := make([]any, len(found))
		for i, e := range found {
			entries[i] = entryView(e)
		}
		return entries, err
	case "update":
		return s.update(ctx, storage)
	case "notify":
		return nil, host.Notify(ctx, s.Account, s.Kind, s.Value)
	}
	return nil, fmt.Errorf("there is no step %q", s.Do)
}

// update adds the value to the list that is stored.
func (s step) update(ctx context.Context, storage hook.Storage) (any, error) {
	for {
		found, err := storage.Get(ctx, s.Account, s.Key)
		if err != nil {
			return nil, err
		}
		list, version := []json.RawMessage{}, hook.NoVersion
		if len(found) > 0 {
			version = found[0].Version
			if err := json.Unmarshal(found[0].Value, &list); err != nil {
				return nil, err
			}
		}
		list = append(list, s.Value)
		text, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		if _, err = storage.Set(ctx, s.Account, s.Key, text, version); !errors.Is(err, hook.ErrConflict) {
			return list, err
		}
	}
}

func entryView(e hook.Entry) any {
	return map[string]any{"key": e.Key, "value": e.Value, "version": e.Version, "updatedAt": e.UpdatedAt.UnixMilli()}
}
