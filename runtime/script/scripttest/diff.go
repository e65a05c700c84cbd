package scripttest

import "strings"

// maxDiff is how many lines of each side are compared.
const maxDiff = 200

// diff shows two texts: what is the same once, else what was expected with a - and
// what came with a +.
func diff(expected, got string) []string {
	a, b := lines(expected), lines(got)
	if len(a) == 1 && len(b) == 1 {
		return []string{"expected  " + expected, "got       " + got}
	}
	// same[i][j] is how many lines a[i:] and b[j:] have in common, in order.
	same := make([][]int, len(a)+1)
	same[len(a)] = make([]int, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		same[i] = make([]int, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				same[i][j] = same[i+1][j+1] + 1
			} else {
				same[i][j] = max(same[i+1][j], same[i][j+1])
			}
		}
	}
	out := []string{"- expected", "+ got"}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, "  "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && same[i+1][j] >= same[i][j+1]:
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return out
}

func lines(text string) []string {
	all := strings.Split(text, "\n")
	if len(all) > maxDiff {
		all = append(all[:maxDiff:maxDiff], "…")
	}
	return all
}
