package redis_test

import (
	"log/slog"
	"strings"
	"testing"

	"ranger/internal/redis"
)

func TestNewDirectory_RefusesInvalidURLsWithoutPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://localhost", "redis://localhost/", "redis://localhost:6379/15", "rediss://user:p%40ss@redis.example.com:6380/2", "redis://[::1]:6379",
		"rediss://localhost?skip_verify=true",
		"redis://a:6379?addr=b:6379&addr=c:6379", "rediss://:secret@a?addr=a:6379",
		"redis://a:26379/1?addr=b:26379&master_name=mymaster&username=u&password=p",
	} {
		if _, err := redis.NewDirectory(redis.Config{URL: url}, slog.New(slog.DiscardHandler)); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	const secret = "hunter2"
	for _, url := range []string{
		"", " ", "localhost", "localhost:6379", "//localhost", "http://localhost", "amqp://:hunter2@localhost", "redis://", "redis:///0", "redis://:6379",
		"redis://localhost:0", "redis://localhost:65536", "redis://localhost:x", "redis://localhost/x", "redis://localhost/0/1",
		"redis://user:hunter2#@localhost", "redis://user:1#hunter2@localhost", "redis://user:hunter2/@localhost", "redis://user:1/hunter2@localhost",
		"redis://user:1?hunter2@localhost", "redis://user:%hunter2@localhost", "redis://user:hun ter2hunter2@localhost",
		"redis://localhost?hunter2=1", "redis://localhost?db=hunter2", "redis://localhost?addr=", "redis://localhost?addr=hunter2", "redis://localhost?addr=b:99999",
		"redis://localhost/1?addr=b:6379", "redis://localhost?master_name=", "redis://localhost/hunter2?master_name=m",
	} {
		_, err := redis.NewDirectory(redis.Config{URL: url}, slog.New(slog.DiscardHandler))
		switch {
		case err == nil:
			t.Errorf("%q: got no error", url)
		case strings.Contains(err.Error(), secret):
			t.Errorf("%q: got an error with the password: %v", url, err)
		case !strings.HasPrefix(err.Error(), "REDIS_URL: must be"):
			t.Errorf("%q: got error %v, want one that begins with REDIS_URL", url, err)
		}
	}
}
