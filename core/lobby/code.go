package lobby

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/muster-gg/muster/core/fault"
)

// errCodeTaken makes Create draw another code; it never reaches a player.
var errCodeTaken = fault.New("code_taken", "Code in use")

var codes = big.NewInt(1_000_000)

// newCode draws a join code: six digits from a secure source.
func newCode() string {
	n, err := rand.Int(rand.Reader, codes)
	if err != nil {
		panic(err) // crypto/rand.Reader never fails
	}
	return fmt.Sprintf("%06d", n)
}
