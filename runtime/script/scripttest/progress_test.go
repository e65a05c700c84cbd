package scripttest_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// TestProgress tells of each file before its tests and after them.
func TestProgress(t *testing.T) {
	dir := folder(t, map[string]string{"a.test.ts": imports + "test('a', () => {});", "b.test.ts": "("})
	var told []string
	_, err := scripttest.Run(t.Context(), scripttest.Options{Dir: dir, Progress: func(file string, done bool) { told = append(told, fmt.Sprint(file, done)) }})
	if want := []string{"a.test.tsfalse", "a.test.tstrue", "b.test.tsfalse", "b.test.tstrue"}; !reflect.DeepEqual(told, want) || err != nil {
		t.Errorf("%v %v", told, err)
	}
}
