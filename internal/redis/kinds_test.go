package redis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ranger/internal/redis"
	"ranger/internal/testenv"
)

// The Cluster has one node.
func TestDirectory_ReadsFromCluster(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	s := newServer(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
	single := startNode(t, redis.Config{URL: s.url("")})
	s.do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	testenv.Eventually(t, "the Cluster accepts writes", func() bool {
		return s.client().HSet(t.Context(), "ranger:members", "11", "IDELEVEN").Err() == nil
	})
	n := startLoaded(t, redis.Config{URL: s.url("") + "?addr=127.0.0.1:" + s.port, RefreshEvery: never})
	n.wantUID("11", "IDELEVEN")
	s.do("HSET", "ranger:members", "12", "IDTWELVE")
	n.find("12", "IDTWELVE")
	s.kill()
	n.notice(1)
	n.Age(never) // the outage has lasted for Config.Wait
	n.find("13", "")
	n.wantUID("12", "IDTWELVE")
	n.logged(1, outageBegins)
	s.start()
	n.awaitLog(1, outageEnds)
	single.awaitLog(1, outageBegins) // before the slots were assigned, or after the kill
}

func TestDirectory_FollowsFailoverOfSentinel(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	first, second := newServer(t), newServer(t)
	second.do("REPLICAOF", "127.0.0.1", first.port)
	first.do("HSET", "ranger:members", "11", "IDELEVEN")
	testenv.Eventually(t, "the replica has the hash", func() bool {
		return second.client().HGet(t.Context(), "ranger:members", "11").Val() != ""
	})
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	check(t, os.WriteFile(conf, nil, 0o600))
	watch := newServerAt(t, freePort(t))
	watch.program = []string{conf, "--sentinel"}
	watch.start()
	watch.do("SENTINEL", "MONITOR", "mymaster", "127.0.0.1", first.port, 1)
	watch.do("SENTINEL", "SET", "mymaster", "down-after-milliseconds", never.Milliseconds()) // the test triggers the failover
	testenv.Eventually(t, "the Sentinel knows the replica", func() bool {
		list, err := watch.client().Do(t.Context(), "SENTINEL", "REPLICAS", "mymaster").Slice()
		return err == nil && len(list) == 1
	})
	n := startLoaded(t, redis.Config{URL: watch.url("") + "?master_name=mymaster", RefreshEvery: never})
	n.wantUID("11", "IDELEVEN")
	first.kill()
	n.notice(1)
	testenv.Eventually(t, "the Sentinel fails over", func() bool {
		return watch.client().Do(t.Context(), "SENTINEL", "FAILOVER", "mymaster").Err() == nil
	})
	n.awaitLog(1, outageEnds)
	testenv.Eventually(t, "the other server accepts writes", func() bool {
		return second.client().HSet(t.Context(), "ranger:members", "12", "IDTWELVE").Err() == nil
	})
	testenv.Eventually(t, "the new id is found", func() bool {
		uid, _ := n.Find(t.Context(), "12")
		return uid == "IDTWELVE"
	})
}

func TestDirectory_VerifiesCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, cert, key)
	port := freePort(t)
	s := newServer(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	url := "rediss://127.0.0.1:" + port
	startLoaded(t, redis.Config{URL: url + "?skip_verify=true"}).wantUID("11", "IDELEVEN")
	strict := startNode(t, redis.Config{URL: url})
	strict.awaitLog(1, "certificate")
	strict.logged(1, outageBegins)
}

func selfSigned(tb testing.TB, certFile, keyFile string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(tb, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(tb, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	check(tb, err)
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		check(tb, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
}
