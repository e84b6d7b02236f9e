package amqp_test

import (
	"fmt"
	"strings"

	"ranger/internal/testenv"
)

// as returns a broker's URL with another user, password and virtual host.
func as(b *testenv.Broker, user, password, vhost string) string {
	_, address, _ := strings.Cut(b.URL, "@")
	return "amqp://" + user + ":" + password + "@" + address + "/" + vhost
}

// What follows returns Erlang expressions for Broker.Eval, as rabbitmqctl calls them.

func addUser(user, password string) string {
	return fmt.Sprintf(`ok = rabbit_auth_backend_internal:add_user(<<%q>>, <<%q>>, <<"a test">>)`, user, password)
}

func changePassword(user, password string) string {
	return fmt.Sprintf(`ok = rabbit_auth_backend_internal:change_password(<<%q>>, <<%q>>, <<"a test">>)`, user, password)
}

// permit says what a user may configure, write and read.
func permit(user, vhost, configure, write, read string) string {
	return fmt.Sprintf(`ok = rabbit_auth_backend_internal:set_permissions(<<%q>>, <<%q>>, <<%q>>, <<%q>>, <<%q>>, <<"a test">>)`,
		user, vhost, configure, write, read)
}

func permitAll(user, vhost string) string { return permit(user, vhost, ".*", ".*", ".*") }

func addVhost(name string) string {
	return fmt.Sprintf(`ok = rabbit_vhost:add(<<%q>>, <<"a test">>)`, name)
}

// closeConnections closes the open connections of a user, or all connections if user is
// "". rabbitmqctl goes by a table into which a connection comes only some
// time after it was opened.
func closeConnections(user string) string {
	return fmt.Sprintf(`[rabbit_networking:close_connection(C, "for a test") || C <- rabbit_networking:local_connections(),
		U <- [catch rabbit_reader:info(C, [user])], <<%q>> =:= <<>> orelse U =:= [{user, <<%[1]q>>}]]`, user)
}

// enableAll enables all feature flags, including those already enabled.
const enableAll = `ok = rabbit_feature_flags:enable_all()`

// eval evaluates expressions one after another.
func eval(b *testenv.Broker, expressions ...string) { b.Eval(strings.Join(expressions, ", ") + ".") }
