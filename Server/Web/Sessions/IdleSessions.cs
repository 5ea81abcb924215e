namespace WebBpf.Server.Sessions;

/// <summary>Ends idle sessions, looking every few seconds.</summary>
public sealed class IdleSessions(SessionRegistry sessions) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            sessions.EndIdle();
    }
}
