// Follows events and artifacts, and prints a line for each.
//
//	follow EVENTS_ADDRESS [ARTIFACTS_ADDRESS]
//
// Both services are on source-controller's --grpc-addr; an address of its own
// is for events of another controller.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	artifact "weir.dev/examples/follow/gen/weir/artifact/v1"
	event "weir.dev/examples/follow/gen/weir/event/v1"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		log.Fatal("usage: follow EVENTS_ADDRESS [ARTIFACTS_ADDRESS]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go keep(ctx, os.Args[len(os.Args)-1], followArtifacts())
	keep(ctx, os.Args[1], followEvents())
}

type watch func(ctx context.Context, conn *grpc.ClientConn) error

// keep calls w, and again whenever the stream breaks.
func keep(ctx context.Context, address string, w watch) {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	for ctx.Err() == nil {
		if err := w(ctx, conn); ctx.Err() == nil {
			log.Printf("%s: %s", address, status.Code(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// followEvents resumes after the last event it saw: none is missed in silence.
func followEvents() watch {
	request := &event.WatchRequest{
		MinSeverity:   event.Severity_SEVERITY_INFO,
		AfterSequence: new(uint64),
	}
	return func(ctx context.Context, conn *grpc.ClientConn) error {
		stream, err := event.NewEventServiceClient(conn).Watch(ctx, request)
		if err != nil {
			return err
		}
		for {
			answer, err := stream.Recv()
			if err != nil {
				return err
			}
			*request.AfterSequence = answer.GetSequence()
			request.Epoch = answer.GetEpoch()
			if answer.GetMissed() > 0 {
				fmt.Printf("missed %d events\n", answer.GetMissed())
			}
			e := answer.GetEvent()
			of := e.GetInvolvedObject()
			severity := strings.TrimPrefix(e.GetSeverity().String(), "SEVERITY_")
			fmt.Printf("event %s %s/%s/%s %s: %s\n", strings.ToLower(severity),
				of.GetKind(), of.GetNamespace(), of.GetName(), e.GetReason(),
				e.GetMessage())
		}
	}
}

// followArtifacts is told the whole state first, then what changes.
func followArtifacts() watch {
	request := &artifact.WatchRequest{}
	return func(ctx context.Context, conn *grpc.ClientConn) error {
		stream, err := artifact.NewArtifactServiceClient(conn).Watch(ctx, request)
		if err != nil {
			return err
		}
		for {
			change, err := stream.Recv()
			if err != nil {
				return err
			}
			request.AfterVersion = change.GetVersion()
			if change.GetType() != artifact.WatchResponse_TYPE_PUT {
				continue
			}
			of, what := change.GetEntry().GetSource(), change.GetEntry().GetArtifact()
			fmt.Printf("artifact %s/%s/%s %s %s\n", of.GetKind(), of.GetNamespace(),
				of.GetName(), what.GetRevision(), what.GetDigest())
		}
	}
}
