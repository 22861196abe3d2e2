// SPDX-License-Identifier: Apache-2.0

// Go calls the kernel by its own instructions: mapped memory is discarded, moved and protected through package syscall,
// and the runtime gives back the heap that it collects. All contents are checked.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"unsafe"
)

const (
	page      = 4096
	pages     = 1024
	blocks    = 400
	blockSize = 64 * 1024
	rounds    = 6
)

func check(condition bool, format string, values ...interface{}) {
	if !condition {
		fmt.Printf("FAIL: "+format+"\n", values...)
		os.Exit(1)
	}
}

func word(seed, index uint64) uint64 {
	z := seed*0x9e3779b97f4a7c15 + index*0xd1342543de82ef95
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	return z ^ (z >> 31)
}

func words(memory []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(&memory[0])), len(memory)/8)
}

func fill(memory []byte, seed uint64) {
	for i := range words(memory) {
		words(memory)[i] = word(seed, uint64(i))
	}
}

func checkPages(memory []byte, seed uint64, isZero func(page int) bool) {
	for i, found := range words(memory) {
		expected := word(seed, uint64(i))
		if isZero(i * 8 / page) {
			expected = 0
		}
		check(found == expected, "page %d: 0x%x instead of 0x%x", i*8/page, found, expected)
	}
}

func mapped() []byte {
	memory, err := syscall.Mmap(-1, 0, pages*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err == nil, "mmap: %v", err)
	fill(memory, 3)
	return memory
}

func discard(memory []byte, raw bool) {
	if !raw {
		err := syscall.Madvise(memory, syscall.MADV_DONTNEED)
		check(err == nil, "madvise: %v", err)
		return
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(&memory[0])), uintptr(len(memory)), syscall.MADV_DONTNEED)
	check(errno == 0, "madvise: %v", errno)
}

func useMapped(memory []byte, raw bool) {
	discard(memory[7*page:8*page], raw)
	discard(memory[100*page:400*page], raw)
	checkPages(memory, 3, func(p int) bool { return p == 7 || p >= 100 && p < 400 })
	fill(memory, 4)
	discard(memory[:pages*page/2], raw)
	checkPages(memory, 4, func(p int) bool { return p < pages/2 })
	grown, _, errno := syscall.RawSyscall6(syscall.SYS_MREMAP, uintptr(unsafe.Pointer(&memory[0])), pages*page, 2*pages*page, 1, 0, 0)
	check(errno == 0, "mremap: %v", errno)
	twice := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&grown))), 2*pages*page)
	checkPages(twice[:pages*page], 4, func(p int) bool { return p < pages/2 })
	checkPages(twice[pages*page:], 0, func(int) bool { return true })
	fill(twice, 5)
	checkPages(twice, 5, func(int) bool { return false })
}

func makeBlocks(seed uint64) [][]byte {
	made := make([][]byte, blocks)
	for i := range made {
		made[i] = make([]byte, blockSize)
		for _, found := range made[i] {
			check(found == 0, "a new block is not zero")
		}
		fill(made[i], seed+uint64(i))
	}
	return made
}

// Each goroutine keeps every third block, drops the others, and gives memory back in between.
func useHeap(kept [][]byte, group *sync.WaitGroup) {
	defer group.Done()
	for round := 0; round < rounds; round++ {
		for i := range kept {
			if i%3 != 0 {
				kept[i] = nil
			}
		}
		debug.FreeOSMemory()
		further := makeBlocks(1000)
		for i, block := range kept {
			if block != nil {
				checkPages(block, 50+uint64(i), func(int) bool { return false })
			}
		}
		for i, block := range further {
			checkPages(block, 1000+uint64(i), func(int) bool { return false })
		}
		runtime.GC()
	}
}

func main() {
	first, second := mapped(), mapped()
	heaps := [][][]byte{makeBlocks(50), makeBlocks(50)}
	runtime.GC()

	fmt.Println("READY")
	bufio.NewReader(os.Stdin).ReadString('\n')

	useMapped(first, false)
	useMapped(second, true)
	var group sync.WaitGroup
	for i := range heaps {
		group.Add(1)
		go useHeap(heaps[i], &group)
	}
	group.Wait()
	fmt.Println("PASS")
}
