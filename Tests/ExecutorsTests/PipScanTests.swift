import Tasks
import Testing

@testable import Executors

@Suite struct PipScanTests {
    private static let kfp2 = """

        if ! [ -x "$(command -v pip)" ]; then
            python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
        fi

        PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location PACKAGES && "$0" "$@"

        """

    private func scan(_ script: String) -> PipRequirements { .scan(commandLine: ["sh", "-c", script, "sh", "-ec", "program_path=$(mktemp -d)", "import x  # pip install never"]) }

    @Test func kfp2Components() {
        let marker = "'typing-extensions>=3.7.4,<5; python_version<\"3.9\"'"
        #expect(scan(Self.kfp2.replacing("PACKAGES", with: "'kfp==2.14.3' '--no-deps' \(marker)"))
            == .init(bare: ["kfp==2.14.3", "typing-extensions>=3.7.4,<5; python_version<\"3.9\""]))
        #expect(scan(Self.kfp2.replacing("PACKAGES", with: "'nbclient>=0.10,<1' 'ipykernel>=6,<7'  &&  python3 -m pip install --quiet 'kfp==2.14.2' '--no-deps'"))
            == .init(full: ["nbclient>=0.10,<1", "ipykernel>=6,<7"], bare: ["kfp==2.14.2"]))
        #expect(scan(Self.kfp2.replacing("PACKAGES", with: "--index-url https://pypi.org/simple --trusted-host https://pypi.org/simple 'yapf'"))
            == .init(full: ["yapf"], indexArguments: ["--index-url", "https://pypi.org/simple", "--trusted-host", "https://pypi.org/simple"]))
    }

    @Test func kfp1Components() {
        let script = "(PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location 'xgboost==1.1.1' 'pandas==1.0.5' || PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location 'xgboost==1.1.1' 'pandas==1.0.5' --user) && \"$0\" \"$@\""
        #expect(scan(script) == .init(full: ["xgboost==1.1.1", "pandas==1.0.5"]))
    }

    @Test func otherLines() {
        for (script, expected) in [
            ("pip install six requests[socks] && python x.py", ["six", "requests[socks]"]),
            ("set -e\npip3 install -q \\\n  six\necho done", ["six"]),
            ("pip install pandas>=1.0 2>/dev/null", ["pandas"]), ("pip install 'pandas>=1.0'>/dev/null", ["pandas>=1.0"]),
            ("python3.11 -u -m pip --quiet install -r requirements.txt six", ["six"]), ("if true; then pip install six; fi", ["six"]),
            ("pip install $PACKAGES \"$X\" six", ["six"]), ("pip install . ./dir /abs x.whl https://e.org/y.zip -e src six", ["six"]),
            ("pip install --constraint=c.txt --timeout 5 six  # pip install other", ["six"]), ("uv pip install six", ["six"]),
            ("pip install Six==1.15 && pip install six==1.16.0 && pip install six", ["six==1.16.0"]), ("pip install --target /x six", []),
            ("echo pip install six", []), ("pip uninstall six", []), ("grep 'pip install six' file", []), ("apt-get install six", []), ("python3 -m venv pip install", []),
        ] { #expect(scan(script).full == expected, "\(script)") }
    }

    @Test func whereScriptsStand() {
        #expect(PipRequirements.scan(commandLine: ["pip", "install", "six"]).full == ["six"])
        #expect(PipRequirements.scan(commandLine: ["python3", "-m", "pip", "install", "six"]).full == ["six"])
        #expect(PipRequirements.scan(commandLine: ["/bin/bash", "-exc", "pip install six"]).full == ["six"])
        #expect(PipRequirements.scan(commandLine: ["python3", "-c", "pip install six"]) == .init())
        let input = InputFile(path: "/argo/staging/script", source: .text("pip install six\n"))
        #expect(PipRequirements.scan(commandLine: ["bash", "/argo/staging/script"], inputs: [input]).full == ["six"])
        #expect(PipRequirements.scan(commandLine: ["python", "/argo/staging/script"], inputs: [input]) == .init())
    }
}
