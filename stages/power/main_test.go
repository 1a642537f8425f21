package power_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// standIn makes the test binary an nvidia-smi of the named behaviour.
const standIn = "INFERENCEX_TEST_NVIDIA_SMI"

// pidFile names the file that gets the number of a stand-in's child.
const pidFile = "INFERENCEX_TEST_PID_FILE"

func TestMain(m *testing.M) {
	if mode := os.Getenv(standIn); mode != "" {
		os.Exit(nvidiaSMI(mode, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// nvidiaSMI prints what a real one does, faults included, two GPUs of 100 W and 300 W.
func nvidiaSMI(mode string, args []string) int {
	newer := strings.Contains(args[0], "power.draw.average,power.draw.instant")
	switch {
	case strings.HasPrefix(mode, "simulated"):
		return ofSimulated(mode, args)
	case os.Getenv("TZ") != "UTC" || !slices.Contains(args, "--format=csv,noheader,nounits") || !slices.Contains(args, "-lms"):
		fmt.Println("wrong arguments:", args)
		return 3
	case mode == "broken":
		fmt.Println("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.")
		return 9
	case mode == "old" && newer:
		fmt.Print("Field \"power.draw.average\" is not a valid field to query.\n\n")
		return 2
	case mode == "stubborn":
		signal.Ignore(syscall.SIGTERM)
		if err := startChild(args, "good", false); err != nil {
			return 4
		}
		<-time.After(time.Hour) // until the test ends it; a bare select would be a deadlock to the runtime
	case mode == "deserted":
		if err := startChild(args, "left behind", true); err != nil {
			return 4
		}
		printRows(args, newer, "100.00", "300.00", "97")
	case mode == "left behind":
		<-time.After(time.Hour) // until the test ends it
	case mode == "mig":
		printRows(args, newer, "[N/A]", "[N/A]", "[N/A]")
	default:
		printRows(args, newer, "100.00", "300.00", "97")
	}
	return 0
}

// ofSimulated is the nvidia-smi of the simulated endpoint; "simulated 525" is that of an older driver.
func ofSimulated(mode string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client := smi.Client{Endpoint: os.Getenv("INFERENCEX_ENDPOINT"), HTTP: http.DefaultClient}
	_, _ = fmt.Sscanf(mode, "simulated %d", &client.Driver)
	code, err := client.Run(ctx, args, os.Stdout)
	if err != nil {
		fmt.Println(err)
		return 5
	}
	return code
}

// startChild starts another of this program that holds the pipe open, as a stuck helper would.
func startChild(args []string, mode string, leavesGroup bool) error {
	child := exec.Command(os.Args[0], args...)
	child.Env = append(os.Environ(), standIn+"="+mode)
	child.Stdout = os.Stdout
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: leavesGroup}
	if err := child.Start(); err != nil {
		return err
	}
	return os.WriteFile(os.Getenv(pidFile), strconv.AppendInt(nil, int64(child.Process.Pid), 10), 0o644)
}

func printRows(args []string, newer bool, first, second, util string) {
	var millis int
	_, _ = fmt.Sscan(args[slices.Index(args, "-lms")+1], &millis)
	fmt.Println("torn, row")
	fmt.Println()
	// Readings come late on a busy machine, but are never of another time: their gaps are not what is tested.
	for at := time.Now(); ; at = at.Add(time.Duration(millis) * time.Millisecond) {
		time.Sleep(time.Until(at))
		stamp := at.UTC().Format("2006/01/02 15:04:05.000")
		for i, watts := range []string{first, second} {
			power := watts
			if newer {
				power += ", " + watts
			}
			_, err := fmt.Printf("%s, %d, GPU-%d, %s, %s, [Not Supported], 4, 33, 345\n", stamp, i, i, power, util)
			if err != nil {
				return
			}
		}
	}
}
