// Stand-in for `helm template`, because Helm is in no Debian release: the same template language, functions and schema check, for one chart without dependencies.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/ghodss/yaml"
)

type list []string

// files are those of the chart that no template is.
type files string

func (f files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(string(f), name))
	return string(text), err
}

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(v string) error { *l = append(*l, strings.Split(v, ",")...); return nil }
func (l list) Has(v string) bool {
	for _, each := range l {
		if each == v {
			return true
		}
	}
	return false
}

func main() {
	var valueFiles, sets, apis list
	flags := flag.NewFlagSet("helm template RELEASE CHART", flag.ExitOnError)
	flags.Var(&valueFiles, "values", "file of values, may be repeated")
	flags.Var(&sets, "set", "path.to.key=value in YAML, may be repeated")
	flags.Var(&apis, "api-versions", "group/version/Kind that the cluster has, may be repeated")
	namespace := flags.String("namespace", "default", "namespace")
	kube := flags.String("kube-version", "v1.33.0", "version of the cluster")
	if len(os.Args) < 4 || os.Args[1] != "template" {
		stop(fmt.Errorf("usage: helm template RELEASE CHART [--values FILE] [--set KEY=VALUE] [--namespace NAME] [--api-versions GROUP/VERSION/KIND]"))
	}
	release, chart := os.Args[2], os.Args[3]
	stop(flags.Parse(os.Args[4:]))

	values := read(filepath.Join(chart, "values.yaml"))
	for _, file := range valueFiles {
		values = merge(values, read(file))
	}
	for _, set := range sets {
		values = merge(values, parseSet(set))
	}
	check(chart, values)
	about := read(filepath.Join(chart, "Chart.yaml"))
	named := object{}
	for key, value := range about {
		named[strings.ToUpper(key[:1])+key[1:]] = value
	}
	version := strings.SplitN(strings.TrimPrefix(*kube, "v"), ".", 3)
	render(chart, about["name"].(string), object{
		"Values":  values,
		"Chart":   named,
		"Files":   files(chart),
		"Release": object{"Name": release, "Namespace": *namespace, "Service": "Helm", "IsInstall": true, "IsUpgrade": false, "Revision": 1},
		"Capabilities": object{
			"APIVersions": apis,
			"KubeVersion": object{"Version": *kube, "GitVersion": *kube, "Major": version[0], "Minor": version[1]},
		},
	})
}

// stop ends the process with one line, as helm does.
func stop(err error) {
	if err == nil {
		return
	}
	message := err.Error()
	if at := strings.LastIndex(message, "error calling fail: "); at >= 0 {
		message = "execution error: " + message[at+len("error calling fail: "):]
	}
	fmt.Fprintln(os.Stderr, "Error: "+message)
	os.Exit(1)
}

func render(chart, name string, data object) {
	root := template.New(name).Option("missingkey=zero")
	root.Funcs(sprig.TxtFuncMap()).Funcs(functions(root))
	sources, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	stop(err)
	for _, source := range sources {
		text, err := os.ReadFile(source)
		stop(err)
		_, err = root.New(name + "/templates/" + filepath.Base(source)).Parse(string(text))
		stop(err)
	}
	var all bytes.Buffer // written at once: what fails prints nothing
	for _, source := range sources {
		if path := name + "/templates/" + filepath.Base(source); strings.HasSuffix(path, ".yaml") {
			fmt.Fprintf(&all, "---\n# Source: %s\n", path)
			stop(root.ExecuteTemplate(&all, path, data))
			all.WriteString("\n")
		}
	}
	fmt.Print(strings.ReplaceAll(all.String(), "<no value>", ""))
}

// functions are those that Helm adds to sprig's.
func functions(root *template.Template) template.FuncMap {
	include := func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := root.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	return template.FuncMap{
		"include": include,
		"fail":    func(message string) (string, error) { return "", fmt.Errorf("%s", message) },
		// Without a cluster `helm template` finds nothing; a test names a file that holds what one would have.
		"lookup": func(_, kind, _, name string) object {
			if file := os.Getenv("HELM_LOOKUP_" + kind + "_" + name); file != "" {
				return read(file)
			}
			return object{}
		},
		"required": func(message string, value interface{}) (interface{}, error) {
			if value == nil || value == "" {
				return nil, fmt.Errorf("error calling fail: %s", message)
			}
			return value, nil
		},
		"toYaml": func(value interface{}) string {
			text, _ := yaml.Marshal(value)
			return strings.TrimSuffix(string(text), "\n")
		},
	}
}
