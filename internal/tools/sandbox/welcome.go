package sandbox

import (
	"io"
	"net"
	"text/template"
)

// Welcome writes what can be done, with commands to paste, for a sandbox that
// listens on an address.
func Welcome(w io.Writer, address string, rabbitmq bool) error {
	if host, port, _ := net.SplitHostPort(address); net.ParseIP(host).IsUnspecified() {
		address = "localhost:" + port
	}
	data := struct {
		URL, Host string
		RabbitMQ  bool
		Users     any
	}{"http://" + address, address, rabbitmq, users()}
	return template.Must(template.New("").Parse(welcome)).Execute(w, data)
}

const welcome = `
ranger sandbox: a toy exchange with ranger inside. It is no exchange: the money is
not real, everybody knows the passwords, and at the end all is forgotten.
{{if .RabbitMQ}}Its events go through RabbitMQ; sockets are refused while it cannot be read.
{{end}}
  Open   {{.URL}}/

Who can log in:
{{range .Users}}
  {{.Email}}   password {{.Password}}   uid {{.UID}}
  TOTP secret {{.TOTPSecret}} (or ask: curl -s {{$.URL}}/sandbox/totp/{{.Email}})
{{end}}
{{with index .Users 0}}In a shell, in each of two terminals, log in as {{.Email}}:

  TOKEN=$(curl -s {{$.URL}}/api/v1/sessions -H 'Content-Type: application/json' \
    -d "{\"email\":\"{{.Email}}\",\"password\":\"{{.Password}}\",\"application_id\":\"sandbox\",\"otp_code\":\"$(curl -s {{$.URL}}/sandbox/totp/{{.Email}})\"}" | tr -d '"')
{{end}}
In one, open a socket:

  npx wscat -c ws://{{.Host}} -H "Authorization: Bearer $TOKEN"

In the other, place an order; the socket is told of it, and of its trades:

  curl -s {{.URL}}/api/v2/orders -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{"market":"btcusd","side":"buy","volume":"0.01","price":"70000"}'

Ctrl-C ends it.
`
