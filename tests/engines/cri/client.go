// The client of tests/engines/cri.sh: what the kubelet asks of a node's container runtime, one request a run.
//
//	cri METHOD [JSON]              any method of api.proto; its answer as JSON
//	cri sync SECONDS ID CMD...     ExecSync; the output, then the command's status
//	cri exec [-i] [-t] ID CMD...   a stream, as kubectl exec has it; the command's status
//	cri attach [-i] [-t] ID        likewise, to the container's first process
//	cri forward POD PORT           standard input and output to a port of the pod
//
// CRI_SOCKET is the runtime's socket. A refusal goes to standard error, and the status is 1.
package main

import (
	"bytes"
	"crypto/tls"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"golang.org/x/net/http2"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// api.proto, as protoc writes it with --descriptor_set_out.
//
//go:embed api.pb
var schema []byte

// method finds NAME in any of the services.
func method(name string) (protoreflect.MethodDescriptor, error) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(schema, &set); err != nil {
		return nil, err
	}
	file, err := protodesc.NewFile(set.File[0], &protoregistry.Files{})
	if err != nil {
		return nil, err
	}
	for i := 0; i < file.Services().Len(); i++ {
		if found := file.Services().Get(i).Methods().ByName(protoreflect.Name(name)); found != nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("no method %q", name)
}

// exchange is gRPC's unary call over HTTP/2: one message there, one back, each after a byte of flags and its length; the status
// comes as a trailer.
func exchange(path string, request []byte) ([]byte, error) {
	transport := &http2.Transport{
		AllowHTTP: true,
		DialTLS: func(string, string, *tls.Config) (net.Conn, error) {
			return net.Dial("unix", os.Getenv("CRI_SOCKET"))
		},
	}
	body := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(request))), request...)
	post, err := http.NewRequest("POST", "http://cri"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/grpc")
	post.Header.Set("TE", "trailers")
	answer, err := transport.RoundTrip(post)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	status, message := answer.Trailer.Get("Grpc-Status"), answer.Trailer.Get("Grpc-Message")
	// An answer without a message has one block of headers only.
	if status == "" {
		status, message = answer.Header.Get("Grpc-Status"), answer.Header.Get("Grpc-Message")
	}
	if status != "0" {
		if text, err := url.PathUnescape(message); err == nil {
			message = text
		}
		return nil, fmt.Errorf("code %s: %s", status, message)
	}
	if len(data) < 5 || len(data)-5 != int(binary.BigEndian.Uint32(data[1:])) {
		return nil, fmt.Errorf("%d bytes are not one message", len(data))
	}
	return data[5:], nil
}

// call turns JSON into NAME's request and its answer into JSON.
func call(name string, text []byte) ([]byte, error) {
	found, err := method(name)
	if err != nil {
		return nil, err
	}
	request, answer := dynamicpb.NewMessage(found.Input()), dynamicpb.NewMessage(found.Output())
	if err := protojson.Unmarshal(text, request); err != nil {
		return nil, fmt.Errorf("request of %s: %w", name, err)
	}
	data, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	if data, err = exchange(fmt.Sprintf("/%s/%s", found.Parent().FullName(), name), data); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := proto.Unmarshal(data, answer); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", name, err)
	}
	return protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(answer)
}

// ask is call for Go values.
func ask(name string, request, answer interface{}) error {
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if text, err = call(name, text); err != nil {
		return err
	}
	return json.Unmarshal(text, answer)
}

type object map[string]interface{}

// sync is ExecSync.
func sync(seconds, id string, command []string) (int, error) {
	var answer struct {
		Stdout, Stderr []byte
		ExitCode       int `json:"exit_code"`
	}
	err := ask("ExecSync", object{"container_id": id, "cmd": command, "timeout": seconds}, &answer)
	os.Stdout.Write(answer.Stdout)
	os.Stderr.Write(answer.Stderr)
	return answer.ExitCode, err
}

// request runs one of the forms above.
func request(args []string) (int, error) {
	switch {
	case len(args) >= 4 && args[0] == "sync":
		return sync(args[1], args[2], args[3:])
	case len(args) >= 2 && (args[0] == "exec" || args[0] == "attach"):
		return attached(args[0], args[1:])
	case len(args) == 3 && args[0] == "forward":
		port, err := strconv.Atoi(args[2])
		if err != nil {
			return 1, err
		}
		return 0, forward(args[1], port)
	case len(args) == 1:
		args = append(args, "{}")
		fallthrough
	case len(args) == 2:
		text, err := call(args[0], []byte(args[1]))
		// The encoder's spaces change from build to build.
		var compact bytes.Buffer
		if err == nil {
			err = json.Compact(&compact, text)
		}
		if err == nil {
			fmt.Println(compact.String())
		}
		return 0, err
	}
	return 2, errors.New("usage: cri METHOD [JSON] | sync SECONDS ID CMD... | exec [-i] [-t] ID CMD... | attach [-i] [-t] ID | forward POD PORT")
}

func main() {
	code, err := request(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "cri:", err)
		if code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}
