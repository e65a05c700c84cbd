// Program grows says when it is idle, and takes 8 MiB more for every line that it
// reads. With the argument "limited" it bounds itself first.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/muster-gg/muster/runtime/memory"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "limited" {
		if err := memory.LimitSelf(64 << 20); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
	}
	var kept [][]byte
	fmt.Println("idle")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		block := make([]byte, 8<<20)
		for i := range block {
			block[i] = 1
		}
		kept = append(kept, block)
		fmt.Println(len(kept))
	}
}
