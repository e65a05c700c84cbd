package plugintest

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
)

// toStruct turns settings as Go writes them into what a plugin is sent.
func toStruct(settings map[string]any) (*structpb.Struct, error) {
	plain := make(map[string]any, len(settings))
	for name, v := range settings {
		switch v := v.(type) {
		case time.Duration:
			plain[name] = v.String()
		case []string:
			list := make([]any, len(v))
			for i, item := range v {
				list[i] = item
			}
			plain[name] = list
		case map[string]string:
			m := make(map[string]any, len(v))
			for key, item := range v {
				m[key] = item
			}
			plain[name] = m
		default:
			plain[name] = v
		}
	}
	s, err := structpb.NewStruct(plain)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return s, nil
}
