package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// TLS returns how a server that trust is about is spoken to over https. It reads the file of trust.
func TLS(trust stage.Trust, serverName string) (*tls.Config, error) {
	config := &tls.Config{ServerName: serverName, MinVersion: tls.VersionTLS12, InsecureSkipVerify: trust.Insecure}
	if trust.CAFile == "" {
		return config, nil
	}
	text, err := os.ReadFile(trust.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	config.RootCAs, err = x509.SystemCertPool()
	if err != nil {
		config.RootCAs = x509.NewCertPool()
	}
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file %s: no certificate is in it; want the authority's certificate in PEM form", trust.CAFile)
	}
	return config, nil
}

// Untrusted reports whether a server was reached, over TLS, that proved to be nobody who is trusted.
func Untrusted(err error) bool {
	var failed *tls.CertificateVerificationError
	return errors.As(err, &failed)
}
