package barong

// demoUser is a User as listUsers shows one.
type demoUser struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	UID      string `json:"uid"`
	TOTPCode string `json:"totp_code,omitempty"` // good for half a minute and a bit
}

// listUsers tells whoever asks how to sign in as whom. It stands outside Barong's API.
func (s *Service) listUsers(*call) (any, *Refusal) {
	var answer struct {
		Notice string     `json:"notice"`
		Users  []demoUser `json:"users"`
	}
	answer.Notice = "This is a sandbox: the users below are for everybody. Ask again for a fresh totp_code every 30 seconds."
	answer.Users = []demoUser{}
	for _, user := range s.users {
		totp, _ := s.Code(user.Email)
		answer.Users = append(answer.Users, demoUser{user.Email, user.Password, string(user.UID), totp})
	}
	return answer, nil
}
