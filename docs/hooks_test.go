package docs_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/scripttest"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestGuideHasEveryPoint: what the contract says of a point is what the guide says.
func TestGuideHasEveryPoint(t *testing.T) {
	sections := guide(t)
	table := sections[slices.IndexFunc(sections, func(s section) bool { return s.title == "The points" })].text
	for _, p := range hook.Points() {
		info, _ := p.Info()
		if row := fmt.Sprintf("| [%s](#%s) | `%s` | %s |", p, p, info.Export, info.Kind); !strings.Contains(table, row) {
			t.Errorf("the table of points has no row %s", row)
		}
		i := slices.IndexFunc(sections, func(s section) bool { return s.title == string(p) })
		if i < 0 {
			t.Errorf("the guide has no section on %s", p)
			continue
		}
		want := []string{"- **Called** ", "- **Given** ", "- **Answers** ", "- **Limits** ", "- **Refusing** ", "- **When it fails** "}
		if !info.MayRefuse {
			want[4] += "is not for this point"
		}
		if p != hook.PointAllocate && p != hook.PointRelease { // no policy is asked there
			want[5] += fmt.Sprintf("`%s`: ", info.OnFailure)
		}
		for _, line := range want {
			if !strings.Contains(sections[i].text, line) {
				t.Errorf("%s: nothing begins with %q", p, line)
			}
		}
	}
}

// TestGuideExamples runs every example with its test, and the test without its
// example: it must miss it.
func TestGuideExamples(t *testing.T) {
	ran := 0
	for _, s := range guide(t) {
		files := s.corrected()
		point, err := hook.ParsePoint(s.title)
		if len(files) == 0 && err != nil {
			continue
		}
		t.Run(s.title, func(t *testing.T) {
			hollowed, exports := slices.Clone(files), map[hook.Point]bool{}
			dir := folder(t, files...)
			for i, b := range files {
				if scripttest.IsTest(b.file) {
					continue
				}
				for _, p := range pointsOf(t, filepath.Join(dir, b.file)) {
					exports[p] = true
				}
				hollowed[i].text = hollow(b.text)
			}
			if err == nil && !exports[point] {
				t.Errorf("no example serves %s", point)
			}
			report := testsIn(t, dir)
			if report.Failed() {
				t.Fatal(report.Failures())
			}
			tests, _ := report.Counts()
			ran += tests
			for _, b := range files {
				if scripttest.IsTest(b.file) {
					tests -= expectations(t, b)
				}
			}
			if count, _ := report.Counts(); count == 0 || tests != 0 {
				t.Errorf("%d tests were run, %d of them expect nothing that can be found", count, tests)
			}
			if !testsIn(t, folder(t, hollowed...)).Failed() {
				t.Error("the tests pass without the example")
			}
		})
	}
	t.Logf("%d tests of the guide were run", ran)
}

func testsIn(t *testing.T, dir string) *scripttest.Report {
	t.Helper()
	report, err := scripttest.Run(t.Context(), scripttest.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// expectations are how many tests of a file expect something.
func expectations(t *testing.T, b block) (n int) {
	for _, m := range bodyOf.FindAllStringSubmatch(b.text, -1) {
		if strings.Contains(m[0], "expect(") {
			n++
		} else {
			t.Errorf("%s: test %q expects nothing", b.file, m[1])
		}
	}
	return n
}

func pointsOf(t *testing.T, entry string) []hook.Point {
	t.Helper()
	v, err := script.Load(t.Context(), script.Options{Game: "mygame", Entry: entry})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	return v.Points()
}
