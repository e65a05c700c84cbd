package plugin

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
)

func settings(t *testing.T, values map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(values)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettingsAreFilledIn(t *testing.T) {
	p := &everything{private: 5}
	fields, err := schemaOf(p)
	if err != nil || len(fields) != 10 {
		t.Fatal(len(fields), err)
	}
	if err := fill(p, fields, settings(t, map[string]any{"text": "t", "api_key": "k", "plain": nil})); err != nil {
		t.Fatal(err)
	}
	want := &everything{
		Text: "t", Key: "k", Mode: "soft", On: true, Count: -3, Share: 0.25, Wait: 90 * time.Second,
		List: []string{"a", "b"}, Map: map[string]string{"x": "1", "y": "2"}, private: 5,
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("defaults: %+v", p)
	}
	if err := fill(p, fields, settings(t, map[string]any{
		"text": "u", "api_key": "l", "mode": "hard", "on": false, "count": 7, "share": 2, "wait": "0s",
		"list": []any{}, "map": map[string]any{"z": "3"}, "plain": "p",
	})); err != nil {
		t.Fatal(err)
	}
	want = &everything{
		Text: "u", Key: "l", Mode: "hard", Count: 7, Share: 2, Map: map[string]string{"z": "3"}, Plain: "p", private: 5,
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("sent: %+v", p)
	}
}

func TestBadSettings(t *testing.T) {
	fields, err := schemaOf(&everything{})
	if err != nil {
		t.Fatal(err)
	}
	for problem, change := range map[string]map[string]any{
		"text is required":                         {"text": nil},
		"text is required and is empty":            {"text": ""},
		"text is not a string":                     {"text": 3},
		"mode is not one of soft, hard":            {"mode": "other"},
		"on is not true or false":                  {"on": "yes"},
		"count is not a whole number":              {"count": 1.5},
		"share is not a number":                    {"share": "1"},
		"wait is not a duration":                   {"wait": "soon"},
		"list is not a list of strings":            {"list": []any{1}},
		"map is not a map of strings":              {"map": map[string]any{"a": true}},
		"other is unknown to this plugin":          {"other": "x"},
		"wait is not a duration such as \"1.5s\" ": {"wait": 5},
	} {
		values := map[string]any{"text": "t", "api_key": "k"}
		for name, v := range change {
			values[name] = v
		}
		if err := fill(&everything{}, fields, settings(t, values)); err == nil || !strings.Contains(err.Error(), "the setting "+problem) {
			t.Errorf("%v: %v, want %q", change, err, problem)
		}
	}
	values := settings(t, map[string]any{"text": "t", "api_key": "k", "count": 1e300})
	if err := fill(&everything{}, fields, values); err == nil {
		t.Error("1e300 is taken as an int")
	}
}

type (
	badName struct {
		Base
		A string `setting:"A"`
	}
	badWord struct {
		Base
		A string `setting:"a,optional"`
	}
	badType struct {
		Base
		A []int `setting:"a"`
	}
	badNumber struct {
		Base
		A int `setting:"a" default:"1.5"`
	}
	badTime struct {
		Base
		A time.Duration `setting:"a" default:"5"`
	}
	badMap struct {
		Base
		A map[string]string `setting:"a" default:"x"`
	}
	badOneOf struct {
		Base
		A int `setting:"a" oneof:"1 2"`
	}
	badChoice struct {
		Base
		A string `setting:"a" default:"z" oneof:"x y"`
	}
	badBoth struct {
		Base
		A string `setting:"a,required" default:"z"`
	}
	badHidden struct {
		Base
		//lint:ignore U1000 it is what is tested
		a string `setting:"a"`
	}
	badTwice struct {
		Base
		A, B string `setting:"a"`
	}
	badNil struct {
		Base
		*inner
	}
	inner struct {
		A string `setting:"a"`
	}
)

func TestAuthorsAreToldOfTheirMistakes(t *testing.T) {
	for text, p := range map[string]Plugin{
		`"A" cannot name a setting`:                          &badName{},
		`says "optional"; after the name stand required and`: &badWord{},
		`a setting cannot be a []int; it is a string, bool,`: &badType{},
		`its default "1.5" is not a whole number`:            &badNumber{},
		`its default "5" is not a duration`:                  &badTime{},
		`its default "x" is not of the form a=1, b=2`:        &badMap{},
		`oneof is for strings`:                               &badOneOf{},
		`its default "z" is not one of x, y`:                 &badChoice{},
		`a required setting needs no default`:                &badBoth{},
		`must begin with a capital letter`:                   &badHidden{},
		`there are two settings "a"`:                         &badTwice{},
		`embedded by value`:                                  &badNil{},
		`serves no extension point`:                          &struct{ Base }{},
		`the method ValidateStart of *plugin.nearMiss has not the signature that the point validate_start wants: see hook.StartValidator`: &nearMiss{},
	} {
		if _, err := newServer(p, Info{}, logger()); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%T: %v, want %q", p, err, text)
		}
	}
}

type nearMiss struct{ Base }

func (*nearMiss) ValidateStart(context.Context, string) error { return nil }
