// SPDX-License-Identifier: Apache-2.0

// Go's collector under load: structures of known content grow and shrink, memory goes back to the system.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	workers     = 4
	kept        = 40000
	roundsLeast = 3
)

type node struct {
	number int
	bytes  []byte
	next   *node
}

func check(condition bool, format string, arguments ...interface{}) {
	if !condition {
		fmt.Printf("FAIL: "+format+"\n", arguments...)
		os.Exit(1)
	}
}

func newNode(number int) *node {
	n := &node{number: number, bytes: make([]byte, 16+number%700)}
	for i, b := range n.bytes { // make gives zeros, whatever memory it comes from
		check(b == 0, "fresh memory of node %d holds %d at %d", number, b, i)
		n.bytes[i] = byte(number + i)
	}
	return n
}

func (n *node) verify(number int) {
	check(n.number == number && len(n.bytes) == 16+number%700, "node %d is wrong", number)
	for i, b := range n.bytes {
		check(b == byte(number+i), "byte %d of node %d is %d", i, number, b)
	}
}

func build(from int) map[int]*node {
	table := make(map[int]*node)
	for i := from; i < from+kept; i++ {
		table[i] = newNode(i)
	}
	return table
}

func verify(table map[int]*node, from int) {
	check(len(table) == kept, "%d nodes", len(table))
	for i := from; i < from+kept; i++ {
		table[i].verify(i)
	}
}

// A round grows the heap to several times its size and lets it shrink.
func round(seed int) {
	var group sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func(from int) {
			defer group.Done()
			table := build(from)
			large := make([]uint64, 1<<19)
			for i := range large {
				check(large[i] == 0, "fresh large memory holds %d", large[i])
				large[i] = uint64(from + i)
			}
			verify(table, from)
			for i := range large {
				check(large[i] == uint64(from+i), "word %d is %d", i, large[i])
			}
		}((seed*workers + worker) * 1000)
	}
	group.Wait()
	runtime.GC()
	debug.FreeOSMemory()
}

func main() {
	table := build(0)
	round(1)

	fmt.Println("READY")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	seconds := 0
	fmt.Sscanf(line, "load %d", &seconds)

	verify(table, 0)
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	for i := 2; i < 2+roundsLeast || time.Now().Before(end); i++ {
		round(i)
		verify(table, 0)
	}
	fmt.Println("PASS")
}
