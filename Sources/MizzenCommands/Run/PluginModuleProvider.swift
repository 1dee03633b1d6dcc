package import Gateway

/// Modules by where they are: files, or far away.
package struct PluginModuleProvider: ModuleProvider {
    let files: FileModuleProvider
    let remote: RemoteModuleProvider

    private func provider(_ plugin: PluginConfiguration) -> any ModuleProvider {
        FileURL.isFile(plugin.url) ? self.files : self.remote
    }

    package func isAtHand(_ plugin: PluginConfiguration) -> Bool { self.provider(plugin).isAtHand(plugin) }
    package func changesInPlace(_ plugin: PluginConfiguration) -> Bool { self.provider(plugin).changesInPlace(plugin) }

    package func module(
        for plugin: PluginConfiguration,
        isRefresh: Bool,
        stage: @escaping @Sendable (ModuleStage) -> Void
    ) async throws(ModuleError) -> ProvidedModule {
        try await self.provider(plugin).module(for: plugin, isRefresh: isRefresh, stage: stage)
    }
}
