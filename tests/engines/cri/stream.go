package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/moby/spdystream"
)

// upgrade asks for SPDY at URL: several streams over one connection, each named by its headers.
func upgrade(address, protocol string) (*spdystream.Connection, error) {
	place, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", place.Host)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequest("POST", address, nil)
	if err != nil {
		return nil, err
	}
	post.Header.Set("Connection", "Upgrade")
	post.Header.Set("Upgrade", "SPDY/3.1")
	post.Header.Set("X-Stream-Protocol-Version", protocol)
	if err := post.Write(conn); err != nil {
		return nil, err
	}
	// A byte at a time: what follows the answer is SPDY's.
	answer, err := http.ReadResponse(bufio.NewReaderSize(&single{conn}, 16), post)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		text, _ := io.ReadAll(answer.Body)
		return nil, fmt.Errorf("%s: %s", answer.Status, text)
	}
	spdy, err := spdystream.NewConnection(conn, false)
	if err != nil {
		return nil, err
	}
	go spdy.Serve(spdystream.NoOpStreamHandler)
	return spdy, nil
}

// single gives one byte a read, whatever is asked for.
type single struct{ io.Reader }

func (s *single) Read(p []byte) (int, error) {
	return s.Reader.Read(p[:1])
}

// stream opens one and waits until the other side has it.
func stream(spdy *spdystream.Connection, pairs ...string) (*spdystream.Stream, error) {
	headers := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		headers.Set(pairs[i], pairs[i+1])
	}
	opened, err := spdy.CreateStream(headers, nil, false)
	if err != nil {
		return nil, err
	}
	return opened, opened.Wait()
}

// status reads how the command ended: a metav1.Status.
func status(from io.Reader) (int, error) {
	var end struct {
		Status, Message, Reason string
		Details                 struct {
			Causes []struct{ Reason, Message string }
		}
	}
	text, err := io.ReadAll(from)
	if err != nil || len(text) == 0 {
		return 0, err
	}
	if err := json.Unmarshal(text, &end); err != nil {
		return 1, fmt.Errorf("status %q: %w", text, err)
	}
	if end.Status == "Success" {
		return 0, nil
	}
	for _, cause := range end.Details.Causes {
		if cause.Reason == "ExitCode" {
			return strconv.Atoi(cause.Message)
		}
	}
	return 1, errors.New(end.Message)
}

// streams are those of one exec or attach. What is open for output is waited for.
func streams(spdy *spdystream.Connection, input, tty bool) (int, error) {
	done, outputs := make(chan error), 0
	copies := func(to io.Writer, name string) error {
		from, err := stream(spdy, "streamType", name)
		if err != nil {
			return err
		}
		outputs++
		go func() {
			_, err := io.Copy(to, from)
			done <- err
		}()
		return nil
	}
	end, err := stream(spdy, "streamType", "error")
	if err != nil {
		return 1, err
	}
	if input {
		to, err := stream(spdy, "streamType", "stdin")
		if err != nil {
			return 1, err
		}
		go func() {
			io.Copy(to, os.Stdin)
			to.Close()
		}()
	}
	if err := copies(os.Stdout, "stdout"); err != nil {
		return 1, err
	}
	if tty {
		resize, err := stream(spdy, "streamType", "resize")
		if err != nil {
			return 1, err
		}
		fmt.Fprintln(resize, `{"Width":80,"Height":24}`)
	} else if err := copies(os.Stderr, "stderr"); err != nil {
		return 1, err
	}
	code, err := status(end)
	for ; outputs > 0; outputs-- {
		if failed := <-done; err == nil {
			err = failed
		}
	}
	return code, err
}

// attached is exec or attach: -i passes standard input on, -t has a terminal of 80 columns and 24 rows at the other end.
func attached(kind string, args []string) (int, error) {
	var input, tty bool
	var answer struct{ URL string }
	for ; len(args) > 0 && (args[0] == "-i" || args[0] == "-t"); args = args[1:] {
		if args[0] == "-i" {
			input = true
		} else {
			tty = true
		}
	}
	if len(args) == 0 {
		return 2, errors.New("no container")
	}
	question, name := object{"container_id": args[0], "stdin": input, "stdout": true, "stderr": !tty, "tty": tty}, "Attach"
	if kind == "exec" {
		question["cmd"], name = args[1:], "Exec"
	}
	if err := ask(name, question, &answer); err != nil {
		return 1, err
	}
	spdy, err := upgrade(answer.URL, "v4.channel.k8s.io")
	if err != nil {
		return 1, err
	}
	return streams(spdy, input, tty)
}

// forward is kubectl port-forward for one connection.
func forward(pod string, port int) error {
	var answer struct{ URL string }
	if err := ask("PortForward", object{"pod_sandbox_id": pod, "port": []int{port}}, &answer); err != nil {
		return err
	}
	spdy, err := upgrade(answer.URL, "portforward.k8s.io")
	if err != nil {
		return err
	}
	end, err := stream(spdy, "streamType", "error", "port", strconv.Itoa(port), "requestID", "0")
	if err != nil {
		return err
	}
	data, err := stream(spdy, "streamType", "data", "port", strconv.Itoa(port), "requestID", "0")
	if err != nil {
		return err
	}
	go func() {
		io.Copy(data, os.Stdin)
		data.Close()
	}()
	if _, err := io.Copy(os.Stdout, data); err != nil {
		return err
	}
	text, err := io.ReadAll(end)
	if err == nil && len(text) > 0 {
		err = errors.New(string(text))
	}
	return err
}
