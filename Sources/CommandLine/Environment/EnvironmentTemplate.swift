/// What `monoflow init` writes.
enum EnvironmentTemplate {
    static let text = """
        # An environment: who works on this server, in which namespaces, with what.
        #
        #   monoflow generate DIR          expands this file into DIR/objects/*.yaml
        #   monoflow apply -f DIR          applies them; again and again, only what differs is changed
        #   monoflow apply -f DIR --dry-run
        #
        # Nothing is removed by leaving it out here.
        apiVersion: monoflow/v1
        kind: Environment

        # People. The home is the namespace that is meant where a command names none; by default the first one in which
        # the user has a role. Tokens are made with `monoflow token create`.
        users:
          - name: alice
          # - name: root
          #   admin: true
          #   home: default

        # Namespaces with their owner and further members. Roles: owner, editor, viewer, predict.
        namespaces:
          - name: team
            owner: alice
            # members:
            #   - user: bob
            #     role: viewer
            # labels:
            #   purpose: research
            # quota:               # as a resourceQuotaSpec's hard limits
            #   cpu: "8"
            #   memory: 16Gi

        configMaps:
          - name: settings
            namespace: team
            data:
              region: local

        # Secrets never stand here: only where their values are when the environment is applied. Paths are relative to this file.
        secrets: []
          # - name: database
          #   namespace: team
          #   data:
          #     password: {fromEnvironment: DATABASE_PASSWORD}
          #     key.pem: {fromFile: secrets/key.pem}

        # ONNX files to be served; a version is added when the file has changed.
        models: []
          # - name: digits
          #   namespace: team
          #   file: models/digits.onnx

        # Notebooks and schedules are passed on as objects with this spec, and refused where the server does not serve their kind.
        notebooks: []
        schedules: []

        """
}
