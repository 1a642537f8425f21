package deploytest

import (
	"os"
	"strconv"
	"strings"
)

// HideEnvironment writes over the memory that /proc/PID/environ shows of this process, as servers do that set their title: marks in it are then gone.
// It is for a process that a test has started, on Linux.
func HideEnvironment() error {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return err
	}
	const envStart, envEnd = 47, 48 // places behind the name
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	start, err := strconv.ParseInt(fields[envStart], 10, 64)
	if err != nil {
		return err
	}
	end, err := strconv.ParseInt(fields[envEnd], 10, 64)
	if err != nil {
		return err
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer memory.Close()
	_, err = memory.WriteAt(make([]byte, end-start), start)
	return err
}
