// Package tap writes the Test Anything Protocol, in the form that the validation programs of
// runtime-tools call it. Debian has no package of the module that they import, so this one is put
// in its place.
package tap

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// T counts the tests of one program.
type T struct {
	n    *int
	todo bool
}

// New starts at test 1.
func New() *T {
	return &T{n: new(int)}
}

// Header prints the plan; 0 leaves it to AutoPlan.
func (t *T) Header(tests int) {
	fmt.Println("TAP version 13")
	if tests > 0 {
		fmt.Printf("1..%d\n", tests)
	}
}

// AutoPlan prints the plan of what has run.
func (t *T) AutoPlan() {
	fmt.Printf("1..%d\n", *t.n)
}

// Todo is the same count for tests that are expected to fail.
func (t *T) Todo() *T {
	return &T{n: t.n, todo: true}
}

func (t *T) line(word, description string) {
	*t.n++
	if t.todo {
		description = "# TODO " + description
	}
	fmt.Printf("%s %d - %s\n", word, *t.n, strings.ReplaceAll(description, "\n", "\n# "))
}

// Ok is one test.
func (t *T) Ok(good bool, description string) {
	if good {
		t.Pass(description)
	} else {
		t.Fail(description)
	}
}

// Pass is a test that went well.
func (t *T) Pass(description string) {
	t.line("ok", description)
}

// Fail is one that did not.
func (t *T) Fail(description string) {
	t.line("not ok", description)
}

// Skip is `count` tests that are not made.
func (t *T) Skip(count int, description string) {
	for i := 0; i < count; i++ {
		t.line("ok", "# SKIP "+description)
	}
}

// Diagnostic is a comment.
func (t *T) Diagnostic(message string) {
	fmt.Println("# " + strings.ReplaceAll(message, "\n", "\n# "))
}

// Diagnosticf is a formatted comment.
func (t *T) Diagnosticf(format string, args ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, args...))
}

// YAML tells more about the last test: JSON, which is YAML as well.
func (t *T) YAML(message interface{}) error {
	text, err := json.MarshalIndent(message, "  ", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "  ---\n  %s\n  ...\n", text)
	return err
}
