// Prints the same few records with the loggers of Go's standard library.
//
//	go run loggers.go VARIANT LABELS
//
// The records go to stdout; what is known of them goes to the file LABELS, an object a line.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
)

var variant = os.Args[1]

func digits(index, size int, salt string) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%s/%d", variant, salt, index)))
	return fmt.Sprintf("%x", sum)[:size]
}

func uuid(index int, salt string) string {
	h := digits(index, 32, salt)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func main() {
	labels, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	out := json.NewEncoder(labels)
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	plain := log.New(os.Stdout, "", log.LstdFlags|log.Lmicroseconds|log.Lshortfile)
	structured := slog.New(slog.NewTextHandler(os.Stdout, options))
	if variant == "go-slog-json" {
		structured = slog.New(slog.NewJSONHandler(os.Stdout, options))
	}
	levels := []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelDebug}
	names := []string{"info", "warn", "error", "debug"}
	for i := 0; i < 20; i++ {
		token := fmt.Sprintf("step-%03d", i)
		message := fmt.Sprintf("%s order %s loaded by %s", token, uuid(i, "order"), digits(i, 40, "commit"))
		id := []string{uuid(i, ""), digits(i, 32, ""), "req-" + digits(i, 12, "")}[i%3]
		known := map[string]any{"token": token, "id": id, "context": "keyed", "hasTime": true, "level": names[i%4], "message": message}
		if i%5 == 4 {
			known["id"], known["context"], id = nil, nil, ""
		}
		if variant == "go-log" {
			known["level"], known["message"] = nil, nil
			if id != "" {
				message += " trace_id=" + id
			}
			plain.Print(message)
		} else if id != "" {
			structured.Log(context.Background(), levels[i%4], message, "trace_id", id)
		} else {
			structured.Log(context.Background(), levels[i%4], message, "order_id", uuid(i, "order"))
		}
		out.Encode(known)
	}
}
