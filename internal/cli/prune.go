package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"

	"abraxas.dev/ers/internal/archive"
	"abraxas.dev/ers/internal/size"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

type pruneCommand struct {
	connection
	Store    string        `placeholder:"DIR" type:"existingdir" help:"Free windows in the streams that an embedded server kept in DIR."`
	Archived string        `required:"" placeholder:"DIR" type:"existingdir" help:"The archive, of which every byte is compared with the server first."`
	Place    string        `placeholder:"TEXT" help:"Where readers find the archive, if that is not DIR."`
	MaxAge   time.Duration `placeholder:"AGE" help:"Free those alone whose verdict is older, as in 720h."`
	MaxBytes sizeFlag      `placeholder:"SIZE" help:"Free as many, the oldest first, as bring the streams under SIZE, as in 20GiB."`
	JSON     bool          `name:"json" help:"Print what was freed as a JSON document."`
}

func (*pruneCommand) examples() string {
	return `  ers archive --before 1000 -o /backup/w1000   with NATS_URL set
  ers prune --archived /backup/w1000           free them on the server
  ers prune --archived /backup/w1000 --max-bytes 20GiB
  ers prune --archived /mnt/x --place s3://ers/w1000
`
}

// sizeFlag is a number of bytes, as in 20GiB.
type sizeFlag int64

func (s *sizeFlag) UnmarshalText(text []byte) error {
	n, err := size.Parse(string(text))
	*s = sizeFlag(n)
	return err
}

// pruneSchema is the version of the document.
const pruneSchema = "ers.freed.v1"

// pruneAnswer is what `ers prune` did, for machines.
type pruneAnswer struct {
	Schema string `json:"schema"`
	*archive.Pruned
}

func (c *pruneCommand) Run(ctx context.Context, io *streams) error {
	if c.MaxAge < 0 {
		return fmt.Errorf("--max-age %s: want an age, as in 720h", c.MaxAge)
	}
	b, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	return errors.Join(c.prune(ctx, io, b), b.Close())
}

func (c *pruneCommand) open(ctx context.Context, io *streams) (*bus.Bus, error) {
	config := c.config(c.log(io, zerolog.ErrorLevel))
	switch {
	case c.Store != "":
		config.URL = ""
		return embedded.Open(ctx, embedded.Config{StoreDir: c.Store, Config: config})
	case c.NATS == "":
		return nil, errNoStore
	}
	return c.connectWith(ctx, c.patient(io, config))
}

func (c *pruneCommand) prune(ctx context.Context, io *streams, b *bus.Bus) error {
	progress, stop := lateBar(io, "copying the archive to read it", progressbar.OptionShowBytes(true))
	a, err := archive.Open(ctx, embedded.Config{StoreDir: c.Archived}, progress)
	stop()
	if err != nil {
		return err
	}
	bounds := archive.Bounds{MaxBytes: int64(c.MaxBytes)}
	if c.MaxAge > 0 {
		bounds.Before = time.Now().Add(-c.MaxAge)
	}
	done, err := archive.Prune(ctx, b, a, cmp.Or(c.Place, c.Archived), bounds)
	err = errors.Join(err, a.Close())
	if errors.Is(err, archive.ErrDiffers) {
		io.say("nothing is freed: %v; if nobody wrote there on purpose, make another archive with `ers archive`, or take another copy of this one", err)
		return errFail
	}
	if err != nil {
		return err
	}
	return c.tell(io, done)
}

func (c *pruneCommand) tell(io *streams, done *archive.Pruned) error {
	if done.Waiting != "" {
		io.say("%s", done.Waiting)
	}
	if done.OverSize {
		io.say("the streams keep %d bytes, more than %s: archive further windows", done.Bytes, size.Format(int64(c.MaxBytes)))
	}
	if c.JSON {
		return json.NewEncoder(io.out).Encode(&pruneAnswer{pruneSchema, done})
	}
	kept := ""
	if done.Kept > 0 {
		kept = fmt.Sprintf(", %d of the archive stay", done.Kept)
	}
	already := ""
	if done.Already > 0 {
		already = fmt.Sprintf(", %d were before", done.Already)
	}
	_, err := fmt.Fprintf(io.text(), "windows freed: %d%s%s; objects freed: %d; the streams keep %d bytes\n", len(done.Windows), already, kept, done.Objects, done.Bytes)
	return err
}
