// SPDX-License-Identifier: Apache-2.0

// A command in Go that tells what its sources of random numbers give in a launch.
package main

import (
	cryptorand "crypto/rand"
	"fmt"
	"math/rand"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func init() {
	runtime.LockOSThread() // the main thread: it is the one that gets the signal
}

func draw() (secret [16]byte, own int64, order string) {
	if _, err := cryptorand.Read(secret[:]); err != nil {
		panic(err)
	}
	own = rand.Int63()
	numbers := map[int]bool{}
	for i := 0; i < 8; i++ {
		numbers[i] = true
	}
	for number := range numbers {
		order += fmt.Sprint(number)
	}
	return
}

func main() {
	rand.Seed(time.Now().UnixNano()) // as Go does by itself from 1.20 on
	draw()
	signal.Ignore(syscall.SIGUSR2)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR2); err != nil {
		panic(err)
	}
	secret, own, order := draw()
	fmt.Printf("crypto/rand %x\nmath/rand %x\norder-of-map %s\n", secret, own, order)
}
