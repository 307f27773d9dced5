"""What tests of real container engines share: a daemon that follows an engine's containers."""

from harness import GasolineTest, wait_for


class EngineTest(GasolineTest):
    """Skipped where `engine_class` (engine.py) cannot be started."""

    engine_class = None
    settings = ""  # of the source, beside its socket
    labels = {"team": "shop"}

    def setUp(self):
        super().setUp()
        try:
            self.engine = self.engine_class(self.sandbox)
        except AssertionError as error:
            self.skipTest(f"no container engine can be started here: {error}")
        self.addCleanup(self.engine.close)
        self.config = self.sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n"
                                         f"      socket: {self.engine.socket}\n{self.settings}")
        self.daemon = None

    def start(self):
        self.daemon = self.sandbox.start_daemon("--config", self.config)

    def run_container(self, name, script, **options):
        return self.engine.run(name, script, labels=self.labels, **options)

    def lines(self, service):
        events = self.sandbox.timeline(source="container", service=service)
        return sorted(events, key=lambda event: (event["run_id"], event["seq"]))

    def await_count(self, service, count):
        wait_for(lambda: len(self.lines(service)) >= count, f"{count} lines of {service}")
        return self.lines(service)

    def await_watching(self):
        """The first look is over: what is created now is new."""
        self.run_container("probe", "while echo here; do sleep 0.2; done")
        self.await_count("probe", 1)
