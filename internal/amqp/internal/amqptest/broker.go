package amqptest

import (
	"fmt"
	"strings"

	"ranger/internal/testenv"
)

// As returns the broker's URL with another user, password and virtual host.
func As(b *testenv.Broker, user, password, vhost string) string {
	_, address, _ := strings.Cut(b.URL, "@")
	return "amqp://" + user + ":" + password + "@" + address + "/" + vhost
}

// Eval evaluates Erlang expressions at the broker, in order. The functions that
// follow return such expressions; they do what rabbitmqctl does.
func Eval(b *testenv.Broker, expressions ...string) { b.Eval(strings.Join(expressions, ", ") + ".") }

// AddUser adds a user.
func AddUser(user, password string) string {
	return fmt.Sprintf(`ok = rabbit_auth_backend_internal:add_user(<<%q>>, <<%q>>, <<"a test">>)`, user, password)
}

// ChangePassword changes a user's password.
func ChangePassword(user, password string) string {
	return fmt.Sprintf(`ok = rabbit_auth_backend_internal:change_password(<<%q>>, <<%q>>, <<"a test">>)`, user, password)
}

// Permit sets what a user may configure, write and read, as regular expressions.
func Permit(user, vhost, configure, write, read string) string {
	return fmt.Sprintf(`ok = rabbit_auth_backend_internal:set_permissions(<<%q>>, <<%q>>, <<%q>>, <<%q>>, <<%q>>, <<"a test">>)`,
		user, vhost, configure, write, read)
}

// PermitAll permits a user everything.
func PermitAll(user, vhost string) string { return Permit(user, vhost, ".*", ".*", ".*") }

// AddVHost adds a virtual host.
func AddVHost(name string) string {
	return fmt.Sprintf(`ok = rabbit_vhost:add(<<%q>>, <<"a test">>)`, name)
}

// CloseReason is the reason that CloseConnections gives.
const CloseReason = "for a test"

// CloseConnections closes the open connections of a user, or all connections if user
// is empty. rabbitmqctl uses a table that lists a connection only some time after it
// was opened.
func CloseConnections(user string) string {
	return fmt.Sprintf(`[rabbit_networking:close_connection(C, %q) || C <- rabbit_networking:local_connections(),
		U <- [catch rabbit_reader:info(C, [user])], <<%q>> =:= <<>> orelse U =:= [{user, <<%[2]q>>}]]`, CloseReason, user)
}

// EnableFeatures enables all feature flags; some may be enabled already.
const EnableFeatures = `ok = rabbit_feature_flags:enable_all()`
