import App
import ArgumentParser
import Core
import Foundation

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve the API and the dashboard until SIGTERM or SIGINT.")

    @Option(help: "Data directory; made on first start.")
    var data: String
    @Option(help: "HOST:PORT to listen on; port 0 lets the system choose.")
    var listen = "127.0.0.1:8080"
    @Option(help: "HOST:PORT to listen on with TLS as well. Without --tls-certificate the server makes an authority and a certificate in DATA/tls.")
    var tlsListen: String?
    @Option(help: "PEM file of a certificate for TLS and its chain; may be given several times, each with its --tls-key. SIGHUP has them read again.")
    var tlsCertificate: [String] = []
    @Option(help: "PEM file of the key to the --tls-certificate at the same place.")
    var tlsKey: [String] = []
    @Option(help: "Folder of NAME/VERSION/model.onnx to serve as well.")
    var modelRepository: String?
    @Option(help: "ONNX Runtime: libonnxruntime.so, or a folder that holds it. MONOFLOW_ONNXRUNTIME does the same.")
    var onnxruntime: String?
    @Option(help: "Image table: which environment stands for which image.")
    var images: String?
    @Option(name: .customLong("public"), help: "Folder of the dashboard's files.")
    var publicDirectory: String?
    @Option(help: "Folder of the database's migrations.")
    var migrations: String?
    @Option(help: "The monoflow-step program.")
    var step: String?
    @Option(help: "Most steps at once; default four for each core.")
    var maxTasks: Int?
    @Option(help: "File that gets a line of JSON for each request; - is standard error.")
    var accessLog: String?
    @Option(help: "Network of steps: namespace (one for each namespace), host, or automatic: namespace where such a network reaches the outside.")
    var stepNetwork = "automatic"
    @Flag(help: "Start although steps cannot be kept apart from each other and from the server.")
    var allowWeakIsolation = false
    @OptionGroup(title: "Single sign-on")
    var signIn: SignInArguments

    @Flag(help: "Let every user create one profile, hence one namespace, for itself.")
    var selfRegistration = false

    func run() async throws {
        do {
            let program = InstalledFiles.program()
            var options = ServerOptions(
                data: data, listen: listen, publicDirectory: try publicDirectory ?? InstalledFiles.find("Public", program: program),
                migrations: try migrations ?? InstalledFiles.find("migrations", program: program),
                stepProgram: step ?? (program as NSString).deletingLastPathComponent + "/monoflow-step")
            options.tlsListen = tlsListen
            guard tlsCertificate.count == tlsKey.count else {
                let count = "\(tlsCertificate.count) --tls-certificate and \(tlsKey.count) --tls-key"
                throw MonoflowError(.invalidArgument, "read options", count, "each certificate needs its key")
            }
            options.tlsCertificates = zip(tlsCertificate, tlsKey).map { CertificateFiles(certificate: $0, key: $1) }
            options.modelRepository = modelRepository
            options.onnxRuntime = onnxruntime
            options.images = images
            options.allowWeakIsolation = allowWeakIsolation
            guard options.readStepNetwork(stepNetwork) else {
                throw MonoflowError(.invalidArgument, "read options", "--step-network \(stepNetwork)", "must be automatic, namespace or host")
            }
            options.maximumTasks = maxTasks
            options.selfRegistration = selfRegistration
            options.accessLog = accessLog
            options.signIn = try signIn.options()
            try await Service(options: options).run()
        } catch let error as MonoflowError {
            FileHandle.standardError.write(Data("monoflow: \(error)\n".utf8))
            throw ExitCode(error.code == .invalidArgument ? 64 : 1)
        }
    }
}
