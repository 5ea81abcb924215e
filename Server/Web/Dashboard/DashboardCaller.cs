using Microsoft.AspNetCore.Components.Authorization;
using WebBpf.Server.Api;
using WebBpf.Server.Auth;
using WebBpf.Shared.Dashboard;

namespace WebBpf.Server.Dashboard;

/// <summary>Who sits before a page: the identity of its connection. Calls of pages act for its default session and fail as the REST call would.</summary>
public sealed class DashboardCaller(IServiceProvider services, AuthenticationStateProvider connection)
{
    public async Task<Identity> Identity() => CallerClaims.Of((await connection.GetAuthenticationStateAsync()).User);

    /// <exception cref="ServiceException">Where the REST call would answer with a problem.</exception>
    public Task<T> Call<T>(Func<Desk, T> work, CancellationToken cancellation) => Call(desk => Task.FromResult(work(desk)), cancellation);

    /// <inheritdoc cref="Call{T}(Func{Desk, T}, CancellationToken)"/>
    public async Task<T> Call<T>(Func<Desk, Task<T>> work, CancellationToken cancellation)
    {
        Identity identity = await Identity();
        try
        {
            // Off the circuit's own dispatcher: a long call must not hold up the page.
            return await Task.Run(
                async () =>
                {
                    using Caller caller = Caller.For(services, identity, limited: true, cancellation);
                    using Desk desk = Desk.For(caller);
                    return await work(desk);
                },
                cancellation);
        }
        catch (ApiException e)
        {
            throw Refusal(e);
        }
    }

    public static ServiceException Refusal(ApiException e) => new(e.Message, e)
    {
        Status = e.Status,
        Errno = e.Error == 0 ? null : Kernel.Uapi.Errno.Name(e.Error),
        NotImplemented = e.NotImplemented,
    };
}
