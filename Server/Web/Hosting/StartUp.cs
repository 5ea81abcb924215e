using Microsoft.EntityFrameworkCore;
using WebBpf.Server.Auth;
using WebBpf.Server.Persistence;

namespace WebBpf.Server.Hosting;

/// <summary>
/// Brings the stored state up before calls are answered: schema, keys, then (while the server already listens and says "not ready")
/// the bpffs and what its pins reach.
/// </summary>
public sealed class StartUp(
    IDbContextFactory<WebBpfDb> database, ApiKeyStore keys, StateRestore state, Readiness readiness, IHostApplicationLifetime lifetime, ILogger<StartUp> logger) : IHostedService
{
    private Task _restoring = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (WebBpfDb db = await database.CreateDbContextAsync(cancellationToken))
            await db.Database.MigrateAsync(cancellationToken);
        await keys.LoadAsync(cancellationToken);
        _restoring = Task.Run(() => Restore(lifetime.ApplicationStopping), CancellationToken.None);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _restoring.WaitAsync(cancellationToken);

    private async Task Restore(CancellationToken stopping)
    {
        try
        {
            await state.RunAsync(stopping);
            readiness.SetReady();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.LogWarning("The server stops before the stored state was restored");
        }
#pragma warning disable CA1031 // Whatever goes wrong here must end the server with a message, not leave it half restored.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.LogCritical(e, "The stored state could not be restored");
            readiness.SetFailed(e);
            lifetime.StopApplication();
        }
    }
}
