package barong

// demoUser is a user in the answer of listUsers.
type demoUser struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	UID      string `json:"uid"`
	TOTPCode string `json:"totp_code,omitempty"` // valid for half a minute and a little longer
}

// listUsers returns all users with their passwords. It is not part of Barong's API.
func (s *Service) listUsers(*call) (any, *Refusal) {
	var answer struct {
		Notice string     `json:"notice"`
		Users  []demoUser `json:"users"`
	}
	answer.Notice = "This is a sandbox: everyone may use these users. Request a new totp_code every 30 seconds."
	answer.Users = []demoUser{}
	for _, user := range s.users {
		totp, _ := s.Code(user.Email)
		answer.Users = append(answer.Users, demoUser{user.Email, user.Password, string(user.UID), totp})
	}
	return answer, nil
}
