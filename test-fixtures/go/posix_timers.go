// SPDX-License-Identifier: Apache-2.0

// A Go program with a POSIX timer of its own, and with the CPU profiler on, which gives each thread a timer that counts
// its CPU time.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"
	"unsafe"
)

const (
	clockMonotonic = 1
	sigevSignal    = 0
)

type sigevent struct {
	value  uint64
	signo  int32
	notify int32
	rest   [12]int32
}

func fail(format string, arguments ...interface{}) {
	fmt.Printf("FAIL: "+format+"\n", arguments...)
	os.Exit(1)
}

func startTimer(every time.Duration) {
	var id int32
	event := sigevent{signo: int32(syscall.SIGUSR1), notify: sigevSignal}
	if _, _, e := syscall.RawSyscall(syscall.SYS_TIMER_CREATE, clockMonotonic, uintptr(unsafe.Pointer(&event)), uintptr(unsafe.Pointer(&id))); e != 0 {
		fail("timer_create: %v", e)
	}
	value := [4]int64{0, int64(every), 0, int64(every)}
	if _, _, e := syscall.RawSyscall6(syscall.SYS_TIMER_SETTIME, uintptr(id), 0, uintptr(unsafe.Pointer(&value)), 0, 0, 0); e != 0 {
		fail("timer_settime: %v", e)
	}
}

var sink uint64

func burn(duration time.Duration, done chan<- bool) {
	for end := time.Now().Add(duration); time.Now().Before(end); {
		for i := uint64(0); i < 100000; i++ {
			sink += i * i
		}
	}
	done <- true
}

func burnInTwo(duration time.Duration) {
	done := make(chan bool, 2)
	go burn(duration, done)
	go burn(duration, done)
	<-done
	<-done
}

func main() {
	var profile bytes.Buffer
	ticks := make(chan os.Signal, 100)
	signal.Notify(ticks, syscall.SIGUSR1)
	startTimer(20 * time.Millisecond)
	if err := pprof.StartCPUProfile(&profile); err != nil {
		fail("profile: %v", err)
	}
	burnInTwo(200 * time.Millisecond)
	fmt.Println("READY")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		fail("stdin: %v", err)
	}
	for len(ticks) > 0 {
		<-ticks
	}
	for i := 0; i < 5; i++ {
		select {
		case <-ticks:
		case <-time.After(5 * time.Second):
			fail("no signal of the timer within 5 s")
		}
	}
	burnInTwo(400 * time.Millisecond)
	pprof.StopCPUProfile()
	if profile.Len() < 100 {
		fail("the profile has %d bytes", profile.Len())
	}
	fmt.Println("PASS")
}
