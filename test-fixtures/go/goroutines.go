// SPDX-License-Identifier: Apache-2.0

// Goroutines, channels, timers, a map and the garbage collector; captured in the middle of work.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	entries = 300000
	workers = 16
)

func check(condition bool, format string, values ...interface{}) {
	if !condition {
		fmt.Printf("FAIL: "+format+"\n", values...)
		os.Exit(1)
	}
}

type job struct {
	number int
	answer chan [32]byte
}

func digest(number int) [32]byte {
	return sha256.Sum256([]byte(fmt.Sprint("number ", number)))
}

func serve(jobs chan job, group *sync.WaitGroup) {
	defer group.Done()
	for work := range jobs {
		work.answer <- digest(work.number)
	}
}

func ask(jobs chan job, from, to int) {
	answer := make(chan [32]byte)
	for i := from; i < to; i++ {
		jobs <- job{i, answer}
		check(<-answer == digest(i), "answer %d is wrong", i)
	}
}

func churn(stop *int32, group *sync.WaitGroup) {
	defer group.Done()
	for round := 0; atomic.LoadInt32(stop) == 0; round++ {
		blocks := make([][]byte, 100)
		for i := range blocks {
			blocks[i] = make([]byte, 1000+i)
			blocks[i][i] = byte(round)
		}
		for i := range blocks {
			check(blocks[i][i] == byte(round), "a block changed")
		}
		runtime.Gosched()
	}
}

func main() {
	table := make(map[string]int)
	for i := 0; i < entries; i++ {
		table[fmt.Sprint("key ", i)] = i
	}
	jobs := make(chan job)
	var group sync.WaitGroup
	var stop int32
	for i := 0; i < workers; i++ {
		group.Add(1)
		go serve(jobs, &group)
	}
	group.Add(2)
	go churn(&stop, &group)
	go churn(&stop, &group)
	ticker := time.NewTicker(20 * time.Millisecond)
	start := time.Now()
	late := time.After(1500 * time.Millisecond)
	<-ticker.C
	ask(jobs, 0, 1000)

	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')

	ask(jobs, 1000, 3000)
	for i := 0; i < 5; i++ {
		<-ticker.C
	}
	<-late
	check(time.Since(start) >= 1500*time.Millisecond, "a timer came early, after %v", time.Since(start))
	runtime.GC()
	check(len(table) == entries, "%d entries", len(table))
	for i := 0; i < entries; i++ {
		check(table[fmt.Sprint("key ", i)] == i, "entry %d is wrong", i)
	}
	atomic.StoreInt32(&stop, 1)
	close(jobs)
	group.Wait()
	fmt.Println("PASS")
}
