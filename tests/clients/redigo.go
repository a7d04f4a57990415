// redigo against the gateway's RESP port: go run redigo.go HOST PORT
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"reflect"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

// must gives a reply that is no error.
func must(reply interface{}, err error) interface{} {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
	return reply
}

func same(is, shouldBe interface{}) {
	if !reflect.DeepEqual(is, shouldBe) {
		log.Output(2, fmt.Sprintf("%v instead of %v", is, shouldBe))
		os.Exit(1)
	}
}

// refused looks at the error's type and at the word with which it begins.
func refused(code string, err error) {
	refusal, ok := err.(redis.Error)
	if !ok || !strings.HasPrefix(refusal.Error(), code+" ") {
		log.Output(2, fmt.Sprintf("%v instead of %s", err, code))
		os.Exit(1)
	}
}

func main() {
	log.SetFlags(log.Lshortfile)
	address := net.JoinHostPort(os.Args[1], os.Args[2])
	pool := &redis.Pool{
		MaxIdle: 8,
		Dial:    func() (redis.Conn, error) { return redis.Dial("tcp", address, redis.DialReadTimeout(10*time.Second)) },
		TestOnBorrow: func(conn redis.Conn, _ time.Time) error {
			_, err := conn.Do("PING")
			return err
		},
	}
	defer pool.Close()
	conn := pool.Get()
	defer conn.Close()
	must(conn.Do("FLUSHALL"))
	must(conn.Do("SCRIPT", "FLUSH"))

	values(conn)
	batches(conn, pool)
	scripts(conn)
	streams(conn)
	messages(conn, pool)
	users(conn, address)
	pooled(conn, pool)
}

func values(conn redis.Conn) {
	same(must(redis.String(conn.Do("SET", "k", "v", "EX", 60))), "OK")
	same(must(redis.Bytes(conn.Do("GET", "k"))), []byte("v"))
	same(must(redis.Int(conn.Do("TTL", "k"))), 60)
	_, err := redis.String(conn.Do("GET", "missing"))
	same(err, redis.ErrNil)

	type person struct {
		Name string `redis:"name"`
		Age  int    `redis:"age"`
	}
	ada := person{Name: "Ada", Age: 36}
	same(must(conn.Do("HSET", redis.Args{}.Add("h").AddFlat(&ada)...)), int64(2))
	var read person
	if err := redis.ScanStruct(must(redis.Values(conn.Do("HGETALL", "h"))).([]interface{}), &read); err != nil {
		log.Fatal(err)
	}
	same(read, ada)

	must(conn.Do("RPUSH", redis.Args{}.Add("l").AddFlat([]string{"a", "b", "c"})...))
	same(must(redis.Strings(conn.Do("LRANGE", "l", 0, -1))), []string{"a", "b", "c"})
	must(conn.Do("ZADD", "z", 1.5, "a", 2, "b"))
	same(must(redis.StringMap(conn.Do("ZRANGE", "z", 0, -1, "WITHSCORES"))), map[string]string{"a": "1.5", "b": "2"})
	must(conn.Do("GEOADD", "geo", 2.5, 48.5, "here"))
	place := must(redis.Positions(conn.Do("GEOPOS", "geo", "here"))).([]*[2]float64)[0]
	same(int(place[0]*100+.5), 250)

	found := map[string]bool{}
	for cursor := 0; ; {
		page := must(redis.Values(conn.Do("SCAN", cursor, "COUNT", 2))).([]interface{})
		var keys []string
		must(redis.Scan(page, &cursor, &keys))
		for _, key := range keys {
			found[key] = true
		}
		if cursor == 0 {
			break
		}
	}
	names := []string{}
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	same(names, []string{"geo", "h", "k", "l", "z"})
}

// batches are pipelines, transactions and WATCH.
func batches(conn redis.Conn, pool *redis.Pool) {
	for i := 0; i < 1000; i++ {
		conn.Send("INCR", "n")
	}
	conn.Send("LPUSH", "k", "x")
	conn.Flush()
	for i := 1; i <= 1000; i++ {
		same(must(redis.Int(conn.Receive())), i)
	}
	_, err := conn.Receive()
	refused("WRONGTYPE", err)

	conn.Send("MULTI")
	conn.Send("SET", "m", 1)
	conn.Send("INCR", "m")
	same(must(redis.Values(conn.Do("EXEC"))), []interface{}{"OK", int64(2)})

	other := pool.Get()
	defer other.Close()
	for _, race := range []bool{false, true} {
		must(conn.Do("WATCH", "m"))
		if race {
			must(other.Do("INCR", "m"))
		}
		conn.Send("MULTI")
		conn.Send("INCR", "m")
		reply := must(conn.Do("EXEC"))
		same(reply == nil, race)
	}
}

func scripts(conn redis.Conn) {
	add := redis.NewScript(1, "return redis.call('INCRBY', KEYS[1], ARGV[1])")
	_, err := conn.Do("EVALSHA", add.Hash(), 1, "m", 10)
	refused("NOSCRIPT", err)
	same(must(redis.Int(add.Do(conn, "m", 10))), 14)
	must(nil, add.Load(conn))
}

func streams(conn redis.Conn) {
	must(conn.Do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"))
	id := must(redis.String(conn.Do("XADD", "s", "*", "f", "v"))).(string)
	reply := must(conn.Do("XREADGROUP", "GROUP", "g", "me", "BLOCK", 1000, "STREAMS", "s", ">"))
	text := func(word string) []byte { return []byte(word) }
	entry := []interface{}{text(id), []interface{}{text("f"), text("v")}}
	same(reply, []interface{}{[]interface{}{text("s"), []interface{}{entry}}})
	same(must(redis.Int(conn.Do("XACK", "s", "g", id))), 1)
}

// messages of a channel, and a client that waits for a job.
func messages(conn redis.Conn, pool *redis.Pool) {
	waiting := pool.Get()
	defer waiting.Close()
	jobs := make(chan []string)
	go func() {
		job, err := redis.Strings(waiting.Do("BLPOP", "queue", 5))
		must(nil, err)
		jobs <- job
	}()
	must(conn.Do("RPUSH", "queue", "job"))
	same(<-jobs, []string{"queue", "job"})

	subscriber := redis.PubSubConn{Conn: pool.Get()}
	defer subscriber.Close()
	must(nil, subscriber.Subscribe("news"))
	must(nil, subscriber.PSubscribe("new*"))
	same(subscriber.Receive(), redis.Subscription{Kind: "subscribe", Channel: "news", Count: 1})
	same(subscriber.Receive(), redis.Subscription{Kind: "psubscribe", Channel: "new*", Count: 2})
	same(must(redis.Int(conn.Do("PUBLISH", "news", "hello"))), 2)
	same(subscriber.Receive(), redis.Message{Channel: "news", Data: []byte("hello")})
	same(subscriber.Receive(), redis.Message{Channel: "news", Pattern: "new*", Data: []byte("hello")})
	must(nil, subscriber.Ping("there"))
	same(subscriber.Receive(), redis.Pong{Data: "there"})
}

func users(conn redis.Conn, address string) {
	must(conn.Do("ACL", "SETUSER", "ada", "reset", "on", ">secret", "~ada:*", "+@all", "-@dangerous"))
	ada, err := redis.Dial("tcp", address, redis.DialUsername("ada"), redis.DialPassword("secret"))
	must(nil, err)
	defer ada.Close()
	must(ada.Do("SET", "ada:k", "v"))
	_, err = ada.Do("GET", "k")
	refused("NOPERM", err)
	_, err = redis.Dial("tcp", address, redis.DialUsername("ada"), redis.DialPassword("wrong"))
	refused("WRONGPASS", err)
}

// pooled connections that were ended are opened anew, and many goroutines share a few.
func pooled(conn redis.Conn, pool *redis.Pool) {
	victim := pool.Get()
	id := must(redis.Int(victim.Do("CLIENT", "ID"))).(int)
	same(must(redis.Int(conn.Do("CLIENT", "KILL", "ID", id))), 1)
	if _, err := victim.Do("PING"); err == nil {
		log.Fatal("the connection lives")
	}
	victim.Close()

	must(conn.Do("DEL", "n"))
	var all sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < 100; i++ {
				own := pool.Get()
				_, err := own.Do("INCR", "n")
				must(nil, err)
				own.Close()
			}
		}()
	}
	all.Wait()
	same(must(redis.Int(conn.Do("GET", "n"))), 800)
}
