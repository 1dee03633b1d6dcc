import ArgumentParser
import MizzenCommands

@main
struct Mizzen {
    static func main() async {
        await MizzenCommand.main()
    }
}
