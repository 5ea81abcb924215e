using Microsoft.Extensions.Options;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Persistence;

/// <summary>
/// Puts what programs wrote to durable maps on disk every <c>Persistence:FlushInterval</c>, and once more at the end, when no
/// request runs any more.
/// </summary>
public sealed class ProgramWriteFlusher(KernelHost kernels, JournalWriter journal, Readiness readiness, IOptions<PersistenceOptions> options, ILogger<ProgramWriteFlusher> logger)
    : BackgroundService
{
    private int _stopped;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (!readiness.IsReady || Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        try
        {
            await kernels.Emulated.Durability.Flush().WaitAsync(cancellationToken);
            await journal.Flush().WaitAsync(cancellationToken);
        }
        catch (IOException e) when (journal.Failure is null)
        {
            // A host that is disposed while it stops closes the store first.
            logger.LogDebug(e, "The store is closed already");
        }
        catch (IOException e)
        {
            logger.LogError(e, "What programs wrote last could not be stored");
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(options.Value.FlushInterval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (journal.Failure is not null)
                return;
            _ = kernels.Emulated.Durability.Flush();
        }
    }
}
